"""The zone of a name and its authoritative servers, found by asking the resolver."""

from dataclasses import dataclass

from scanner.model.names import Answer, Outcome, Role, Server
from scanner.names.ask import Ask

MOST_SERVERS = 13  # of one zone, and addresses of one server: what fits a classic DNS answer


@dataclass(frozen=True, slots=True)
class Delegation:
    """``servers`` holds, for each name server, the addresses it may be asked at, IPv6 first. ``problems`` says what the
    resolver did not tell; with any, servers may be missing.
    """

    zone: str
    servers: tuple[tuple[Server, ...], ...]
    problems: tuple[str, ...] = ()


def find_delegation(name: str, resolvers: tuple[Server, ...], ask: Ask) -> Delegation:
    """Who serves ``name``. Ancestors are tried from the name upwards, since an alias answers with its target's zone."""
    labels = name.split(".")
    for start in range(len(labels)):
        candidate = ".".join(labels[start:])
        answer = ask_resolvers(candidate, "SOA", resolvers, ask)
        if not answer.settled:
            return Delegation("", (), (f"the zone of {name} is not known: {told(answer)}",))
        if answer.names and _is_within(candidate, answer.names[0]):
            return _servers_of(answer.names[0], resolvers, ask)
    return Delegation("", (), (f"the zone of {name} is not known: no SOA record above it",))


def ask_resolvers(
    name: str, record: str, resolvers: tuple[Server, ...], ask: Ask, role: Role = Role.RESOLVER
) -> Answer:
    """The first answer that settles the question, otherwise the first one's failure."""
    answers = []
    for server in resolvers:
        answer = ask(server, name, record, role)
        if answer.settled:
            return answer
        answers.append(answer)
    return answers[0]


def told(answer: Answer) -> str:
    """``SERVFAIL from 192.0.2.53`` or ``no answer within 2 s from ...``."""
    return f"{answer.detail or answer.outcome.upper()} from {answer.server}"


def _is_within(name: str, zone: str) -> bool:
    return zone in ("", name) or name.endswith(f".{zone}")


def _servers_of(zone: str, resolvers: tuple[Server, ...], ask: Ask) -> Delegation:
    answer = ask_resolvers(zone, "NS", resolvers, ask)
    if answer.outcome is not Outcome.ANSWERED:
        return Delegation(zone, (), (f"the name servers of {zone} are not known: {told(answer)}",))
    servers, problems = [], []
    for name in answer.names[:MOST_SERVERS]:
        addresses = _addresses_of(name, resolvers, ask)
        if addresses:
            servers.append(addresses)
        else:
            problems.append(f"name server {name} of {zone} has no address that the resolver knows")
    return Delegation(zone, tuple(servers), tuple(problems))


def _addresses_of(name: str, resolvers: tuple[Server, ...], ask: Ask) -> tuple[Server, ...]:
    found = [
        Server(ip, name=name)
        for record in ("AAAA", "A")
        for ip in ask_resolvers(name, record, resolvers, ask).addresses
    ]
    return tuple(found[:MOST_SERVERS])
