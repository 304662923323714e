"""Reading nmap's ``-oX`` output, whole or cut short, as frozen values.

python-nmap drops ``reason_ttl``, ``reason_ip``, ``extraports`` and everything a truncated document holds; this reader
keeps them. It takes the bytes as they are, hostile ones too: banners are written by whoever owns the scanned service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv6Address
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from scanner.model.errors import IncompleteError, InputError
from scanner.model.ports import LAST_PORT, PortSet
from scanner.model.text import say
from scanner.probes.nmap_report import NmapHost, NmapPort, NmapReport, NmapService, printable

__all__ = ["NmapHost", "NmapPort", "NmapReport", "NmapService", "read_report"]

MOST_PORTS = 1 << 20  # sixteen addresses with every port; beyond it a few kilobytes could ask for gigabytes
MOST_SKIPPED = 64
ARGUMENTS_LIMIT = 4096
ZONE_LIMIT = 15  # an interface name on Linux
MOST_DIGITS = 9
LARGEST_HOP_LIMIT = 255
PROTOCOLS = frozenset({"tcp", "udp", "sctp"})
STATES = frozenset({"open", "closed", "filtered", "unfiltered", "open|filtered", "closed|filtered"})
# Old versions of nmap count folded reasons in the plural: these words with "s" or "es" behind them.
REASONS = frozenset(
    {
        *("reset", "conn-refused", "syn-ack", "split-handshake-syn", "udp-response"),
        *("proto-response", "tcp-response", "no-response", "init-ack", "abort"),
        *("perm-denied", "no-route", "reject-route", "beyond-scope", "host-unreach"),
        *("port-unreach", "admin-prohibited", "dest-unreach", "net-unreach", "proto-unreach"),
        *("param-problem", "time-exceeded", "host-prohibited", "net-prohibited", "source-quench"),
        *("unknown-response",),
    }
)


def read_report(document: bytes) -> NmapReport:
    """Everything complete in ``document``; bytes that are no XML at all give an empty, truncated report.

    Raises IncompleteError where the document declares entities: nmap never does, so somebody means harm.
    """
    reading = _Reading()
    # nmap writes a DOCTYPE without a subset, so the DTD itself must pass; entities and external references never do.
    parser = DefusedXMLParser(target=reading, encoding="utf-8", forbid_dtd=False)
    truncated = False
    try:
        parser.feed(document)
        parser.close()  # in expat 2.6 and newer, feed() may hold back the last complete element
    except DefusedXmlException as error:
        raise IncompleteError(
            say("nmap's output declares XML entities"), say("do not trust the vantage it came from")
        ) from error
    except (ParseError, _EnoughError):
        truncated = True
    return reading.report(truncated=truncated)


class _EnoughError(Exception):
    """The document names more ports than any honest scan."""


Attributes = Mapping[str, str]


@dataclass(slots=True)
class _Folded:
    """An ``extraports`` element; ``placed`` once an ``extrareasons`` said which ports it means (nmap 7.92, newer)."""

    state: str
    count: int
    reasons: list[str] = field(default_factory=list)
    placed: bool = False


@dataclass(slots=True)
class _Port:
    protocol: str
    port: int
    state: Attributes = field(default_factory=dict)
    service: NmapService | None = None


@dataclass(slots=True)
class _Host:
    timed_out: bool
    address: IPv6Address | None = None
    ports: dict[tuple[str, int], NmapPort] = field(default_factory=dict)
    folded: list[_Folded] = field(default_factory=list)


class _Reading:
    """Takes the parser's events one by one and builds no tree."""

    def __init__(self) -> None:
        self._version = self._arguments = self._exit = ""
        self._scanned: dict[str, PortSet] = {}
        self._skipped: list[str] = []
        self._hosts: list[NmapHost] = []
        self._host: _Host | None = None
        self._port: _Port | None = None
        self._left = MOST_PORTS
        self._outside = {
            "nmaprun": self._run,
            "scaninfo": self._scaninfo,
            "target": self._target,
            "finished": self._finished,
            "host": self._start_host,
        }
        self._inside = {
            "address": self._address,
            "port": self._start_port,
            "state": self._state,
            "service": self._service,
            "extraports": self._extraports,
            "extrareasons": self._extrareasons,
        }

    # -- what the parser calls

    def start(self, tag: str, attributes: Attributes) -> None:
        handler = (self._inside if self._host else self._outside).get(tag)
        if handler:
            handler(attributes)

    def end(self, tag: str) -> None:
        if tag == "port":
            self._end_port()
        elif tag == "host":
            self._end_host(complete=True)

    def report(self, *, truncated: bool) -> NmapReport:
        self._end_host(complete=False)
        return NmapReport(
            self._version, self._arguments, tuple(self._hosts), truncated, self._exit, tuple(self._skipped)
        )

    # -- elements outside a host

    def _run(self, attributes: Attributes) -> None:
        self._version = printable(attributes.get("version", ""))
        self._arguments = printable(attributes.get("args", ""), ARGUMENTS_LIMIT)

    def _scaninfo(self, attributes: Attributes) -> None:
        protocol = attributes.get("protocol", "")
        if protocol in PROTOCOLS:
            self._scanned[protocol] = _ports(attributes.get("services", ""))

    def _target(self, attributes: Attributes) -> None:
        if attributes.get("status") == "skipped" and len(self._skipped) < MOST_SKIPPED:
            self._skipped.append(printable(f"{attributes.get('specification', '')} ({attributes.get('reason', '')})"))

    def _finished(self, attributes: Attributes) -> None:
        word = attributes.get("exit", "")
        self._exit = word if word in ("success", "error") else ""

    # -- elements of a host

    def _start_host(self, attributes: Attributes) -> None:
        self._host = _Host(attributes.get("timedout") == "true")

    def _end_host(self, *, complete: bool) -> None:
        """A host that the document's end cuts keeps its complete ports; what nmap folded is then not known."""
        host = self._host
        if host is None:
            return
        if complete:
            self._spend(1)
            self._unfold_by_what_is_missing(host)
        self._host = self._port = None
        if host.address is None or not (complete or host.ports):
            return
        ports = tuple(host.ports[key] for key in sorted(host.ports))
        self._hosts.append(NmapHost(host.address, ports, host.timed_out, complete))

    def _address(self, attributes: Attributes) -> None:
        if self._host and attributes.get("addrtype") == "ipv6":
            self._host.address = self._host.address or _ip(attributes.get("addr", ""))

    def _start_port(self, attributes: Attributes) -> None:
        protocol, port = attributes.get("protocol", ""), _number(attributes.get("portid"), LAST_PORT)
        self._port = _Port(protocol, port) if protocol in PROTOCOLS and port else None

    def _end_port(self) -> None:
        port, self._port = self._port, None
        if port is None or self._host is None or port.state.get("state") not in STATES:
            return
        state = port.state
        self._keep(
            NmapPort(
                port.protocol,
                port.port,
                state["state"],
                printable(state.get("reason", "")),
                _number(state.get("reason_ttl"), LARGEST_HOP_LIMIT),
                _ip(state.get("reason_ip", "")),
                port.service,
            )
        )

    def _state(self, attributes: Attributes) -> None:
        if self._port:
            self._port.state = attributes

    def _service(self, attributes: Attributes) -> None:
        if self._port:
            name, product, version, extrainfo, tunnel, method = (
                printable(attributes.get(key, ""))
                for key in ("name", "product", "version", "extrainfo", "tunnel", "method")
            )
            conf = _number(attributes.get("conf"), 10) or 0
            self._port.service = NmapService(name, product, version, extrainfo, tunnel, conf, method)

    def _extraports(self, attributes: Attributes) -> None:
        if self._host and attributes.get("state") in STATES and len(self._host.folded) < len(STATES):
            count = _number(attributes.get("count"), MOST_PORTS) or 0
            self._host.folded.append(_Folded(attributes["state"], count))

    def _extrareasons(self, attributes: Attributes) -> None:
        if not self._host or not self._host.folded:
            return
        folded, reason, protocol = (
            self._host.folded[-1],
            singular(attributes.get("reason", "")),
            attributes.get("proto", ""),
        )
        if "ports" in attributes and protocol in PROTOCOLS:
            folded.placed = True
            for port in _ports(attributes["ports"]):
                self._keep(NmapPort(protocol, port, folded.state, reason))
        elif len(folded.reasons) <= 1:
            folded.reasons.append(reason)

    def _unfold_by_what_is_missing(self, host: _Host) -> None:
        """Before 7.92 nmap says only how many ports it folded: if it folded once, they are those nothing else names."""
        if len(host.folded) != 1 or host.folded[0].placed:
            return
        (folded,) = host.folded
        if sum(len(ports) for ports in self._scanned.values()) != folded.count + len(host.ports):
            return
        keys = ((protocol, port) for protocol, ports in self._scanned.items() for port in ports)
        missing = [key for key in keys if key not in host.ports]
        reason = folded.reasons[0] if len(folded.reasons) == 1 else ""
        self._spend(len(missing))
        host.ports.update({key: NmapPort(*key, folded.state, reason) for key in missing})

    def _keep(self, port: NmapPort) -> None:
        self._spend(1)
        if self._host:
            self._host.ports.setdefault((port.protocol, port.port), port)

    def _spend(self, ports: int) -> None:
        self._left -= ports
        if self._left < 0:
            raise _EnoughError


def singular(reason: str) -> str:
    """The reason word, without the plural that old versions give a folded range."""
    for ending in ("es", "s"):
        if reason.removesuffix(ending) in REASONS and reason not in REASONS:
            return reason.removesuffix(ending)
    return printable(reason)


def _ports(text: str) -> PortSet:
    try:
        return PortSet.parse(text)
    except InputError:
        return PortSet()


def _number(text: str | None, highest: int) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > MOST_DIGITS:
        return None
    number = int(text)
    return number if number <= highest else None


def _ip(text: str) -> IPv6Address | None:
    """An address, with its zone (RFC 4007 section 11) where it has one."""
    try:
        address = IPv6Address(text) if text else None
    except AddressValueError:
        return None
    if address is None:
        return None
    zone = address.scope_id or ""
    return address if len(zone) <= ZONE_LIMIT and zone.isprintable() else None
