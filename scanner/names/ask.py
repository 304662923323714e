"""One DNS question to one server. Whatever happens becomes an Answer; nothing is raised."""

import socket
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv6Address, ip_address
from typing import Protocol

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from scanner.model.names import Answer, Outcome, Role, Server

TIMEOUT = 2.0  # seconds a try; UDP twice, then TCP
PAYLOAD = 1232  # octets: fits IPv6's minimum MTU of 1280 (DNS flag day 2020)
MOST_ALIASES = 8
_RCODES = {
    dns.rcode.NOERROR: Outcome.NODATA,
    dns.rcode.NXDOMAIN: Outcome.NXDOMAIN,
    dns.rcode.SERVFAIL: Outcome.SERVFAIL,
    dns.rcode.REFUSED: Outcome.REFUSED,
}


class Ask(Protocol):
    """Asks ``server`` for the ``record`` type of ``name``."""

    def __call__(self, server: Server, name: str, record: str, role: Role) -> Answer: ...


class Asker:
    """Asks over UDP, again over UDP when nothing came, then over TCP; a truncated answer is fetched over TCP."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self.timeout = timeout

    def __call__(self, server: Server, name: str, record: str, role: Role) -> Answer:
        query = dns.message.make_query(name, record, use_edns=0, payload=PAYLOAD)
        if role is Role.AUTHORITATIVE:
            query.flags &= ~dns.flags.RD
        outcome, detail = Outcome.TIMEOUT, ""
        for over in (_over_udp, _over_udp, _over_tcp):
            try:
                return read_answer(over(query, server, self.timeout), server, name, record, role)
            except dns.exception.Timeout:
                outcome, detail = Outcome.TIMEOUT, f"no answer within {self.timeout:g} s, three tries"
            except (dns.exception.DNSException, ValueError, EOFError) as error:
                outcome, detail = Outcome.MALFORMED, f"its answer cannot be read ({type(error).__name__})"
            except OSError as error:
                outcome, detail = Outcome.UNREACHABLE, error.strerror or type(error).__name__
        return Answer(server, role, name, record, outcome, detail=detail)


def _over_udp(query: dns.message.Message, server: Server, timeout: float) -> dns.message.Message:
    """A connected socket, so that a closed port is told at once and nobody else can answer."""
    family = socket.AF_INET6 if isinstance(server.address, IPv6Address) else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as connected:
        connected.setblocking(False)  # noqa: FBT003 - the standard library's signature
        connected.connect(socket.getaddrinfo(str(server.address), server.port, family)[0][4])
        try:
            return dns.query.udp(
                query,
                str(server.address),
                timeout,
                server.port,
                raise_on_truncation=True,
                ignore_errors=True,
                sock=connected,
            )
        except dns.message.Truncated:
            return _over_tcp(query, server, timeout)


def _over_tcp(query: dns.message.Message, server: Server, timeout: float) -> dns.message.Message:
    return dns.query.tcp(query, str(server.address), timeout, server.port)


def read_answer(message: dns.message.Message, server: Server, name: str, record: str, role: Role) -> Answer:
    """What the message says about the question: follows the aliases it holds, as far as they go."""
    outcome = _RCODES.get(message.rcode(), Outcome.MALFORMED)
    empty = Answer(server, role, name, record, outcome)
    if outcome is Outcome.MALFORMED:
        return Answer(server, role, name, record, outcome, detail=f"it says {dns.rcode.to_text(message.rcode())}")
    if outcome not in (Outcome.NODATA, Outcome.NXDOMAIN):
        return empty
    if role is Role.AUTHORITATIVE and not message.flags & dns.flags.AA:
        return Answer(server, role, name, record, Outcome.NOT_AUTHORITATIVE, detail="it does not serve the zone")
    if _is_referral(message):
        return Answer(server, role, name, record, Outcome.NOT_AUTHORITATIVE, detail="it refers to other servers")
    if record == "SOA":
        return _read_zone(message, empty)
    answer = _follow(message, dns.name.from_text(name), dns.rdatatype.from_text(record), empty)
    if role is Role.RESOLVER and answer.outcome is Outcome.NODATA and answer.alias and not _has_soa(message):
        detail = f"it does not follow the alias to {answer.alias}"
        return replace(answer, outcome=Outcome.NOT_AUTHORITATIVE, detail=detail)
    return answer


def _is_referral(message: dns.message.Message) -> bool:
    """RFC 2308 section 2.2: NS without SOA in the authority section of an empty answer is a referral, not NODATA."""
    refers = any(rrset.rdtype == dns.rdatatype.NS for rrset in message.authority)
    return not message.answer and refers and not _has_soa(message)


def _has_soa(message: dns.message.Message) -> bool:
    return any(rrset.rdtype == dns.rdatatype.SOA for rrset in message.authority)


def _read_zone(message: dns.message.Message, empty: Answer) -> Answer:
    """The owner of the SOA record: in the answer at the top of the zone, in the authority section below (RFC 2308)."""
    for rrset in (*message.answer, *message.authority):
        if rrset.rdtype == dns.rdatatype.SOA:
            owner = _text(rrset.name)
            return Answer(empty.server, empty.role, empty.question, "SOA", Outcome.ANSWERED, names=(owner,))
    return empty


def _follow(
    message: dns.message.Message, name: dns.name.Name, wanted: dns.rdatatype.RdataType, empty: Answer
) -> Answer:
    current, alias, ttls = name, "", []
    for _ in range(MOST_ALIASES):
        step = _rrset(message.answer, current, dns.rdatatype.CNAME)
        if step is None:
            break
        current = step[0].target
        alias = _text(current)
        ttls.append(step.ttl)
    found = _rrset(message.answer, current, wanted)
    outcome = empty.outcome if found is None else Outcome.ANSWERED
    if found is not None:
        ttls.append(found.ttl)
    return Answer(
        server=empty.server,
        role=empty.role,
        question=empty.question,
        record=empty.record,
        outcome=outcome,
        addresses=_addresses(found),
        names=tuple(sorted(_text(one.target) for one in found or () if hasattr(one, "target"))),
        ttl=min(ttls, default=None),
        alias=alias,
    )


def _rrset(
    section: Iterable[dns.rrset.RRset], name: dns.name.Name, wanted: dns.rdatatype.RdataType
) -> dns.rrset.RRset | None:
    return next((rrset for rrset in section if rrset.name == name and rrset.rdtype == wanted and len(rrset)), None)


def _addresses(found: dns.rrset.RRset | None) -> tuple[IPv6Address, ...]:
    return tuple(sorted(ip_address(one.address) for one in found or () if hasattr(one, "address")))  # type: ignore[misc]


def _text(name: dns.name.Name) -> str:
    """Everything but letters, digits and the like comes escaped (RFC 1035 section 5.1)."""
    return name.to_text(omit_final_dot=True).lower()
