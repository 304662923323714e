"""The host's own part: bind the program to where it is meant to be found, or let the host's firewall drop."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address

from scanner.model.address import Listener
from scanner.model.finding import Finding
from scanner.model.run import Run
from scanner.model.text import mark, say
from scanner.remedies.render import render
from scanner.remedies.situation import Situation
from scanner.remedies.values import HOST, Language, Remedy

EXPOSED, BOUND_TO_ALL = "V6X001", "V6X016"
EVERY_ADDRESS = "::"


@dataclass(frozen=True, slots=True)
class Program:
    """``template`` under templates/remedies/host/, ``source`` the program's own manual."""

    template: str
    title: str
    source: str
    caution: str = ""


_RESTART = mark("Try it while you can still reach the host by other means; then restart the program.")
SYSTEMD = Program(
    "systemd-socket",
    mark("Bind the program to one address"),
    "systemd.socket(5): ListenStream=, FreeBind=",
    mark(
        "Only for a program that systemd starts on demand (systemctl list-sockets); others have a setting of their own."
    ),
)
# By the name of the process, as the kernel knows it.
PROGRAMS: Mapping[str, Program] = {
    "smbd": Program(
        "samba", mark("Let Samba answer on the LAN only"), "smb.conf(5): interfaces, bind interfaces only", _RESTART
    ),
    "sshd": Program("sshd", mark("Bind sshd to one address"), "sshd_config(5): ListenAddress", _RESTART),
    "nginx": Program(
        "nginx",
        mark("Bind nginx to one address"),
        "nginx, Module ngx_http_core_module, listen: https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
        _RESTART,
    ),
    "systemd": SYSTEMD,
}


def host_remedies(run: Run, finding: Finding, situation: Situation, language: str) -> Iterator[Remedy]:
    """Binding first, then the host's firewall, which works for every program."""
    listeners = tuple(_concerned(run.listeners, finding, situation))
    for listener in listeners[:1]:
        program = PROGRAMS.get(listener.process, SYSTEMD)
        yield Remedy(
            router=HOST,
            title=say(program.title),
            text=render(
                f"host/{program.template}",
                language,
                bind=_bind(situation, listener),
                port=listener.port,
                protocol="udp" if listener.protocol == "udp" else "tcp",
                interface=situation.interface,
            ),
            language=Language.INI,
            source=program.source,
            caution=say(program.caution) if program.caution else "",
        )


def _concerned(listeners: Iterable[Listener], finding: Finding, situation: Situation) -> Iterator[Listener]:
    """The sockets that the finding is about: those bound to every address first."""
    if finding.rule == EXPOSED:
        wanted = (situation.protocol, situation.port)
        found = [one for one in listeners if (one.protocol, one.port) == wanted]
    elif finding.rule == BOUND_TO_ALL:
        found = [
            one for one in listeners if one.bind == EVERY_ADDRESS and f"{one.protocol}/{one.port}" in finding.evidence
        ]
    else:
        found = []
    yield from sorted(found, key=lambda one: one.bind != EVERY_ADDRESS)


def _bind(situation: Situation, listener: Listener) -> IPv6Address:
    """The stable address where the port is meant to be reachable, otherwise loopback."""
    meant = next(
        (
            door.address
            for door in situation.doors
            if door.protocol == listener.protocol and door.low <= listener.port <= door.high
        ),
        None,
    )
    return meant or IPv6Address("::1")
