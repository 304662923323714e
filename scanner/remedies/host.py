"""The host's own part: bind the program to where it is meant to be found. Names of programs choose a row, no more."""

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
EVERY_ADDRESS, LOOPBACK = "::", IPv6Address("::1")


@dataclass(frozen=True, slots=True)
class Program:
    """``source`` is the program's own manual. ``template`` under templates/remedies/host/; ``setting`` has ``file`` and
    ``line``, with {address} and {port} to fill in.
    """

    title: str
    source: str
    template: str = "setting"
    file: str = ""
    line: str = ""
    caution: str = mark("Keep another way to the host open while you try it; then restart the program.")


_BIND = mark("Bind the program to one address")
SOCKET = Program(
    _BIND,
    "systemd.socket(5): ListenStream=, ListenDatagram=, FreeBind=",
    "systemd-socket",
    caution=mark(
        "Only for a program that systemd starts on demand (systemctl list-sockets); others have a setting of their own."
    ),
)
_APACHE = "Apache HTTP Server, Listen directive: https://httpd.apache.org/docs/2.4/mod/mpm_common.html#listen"
_MARIADB = "MariaDB, server system variables, bind_address; MySQL, --bind-address"
# By the name of the process, as the kernel knows it.
PROGRAMS: Mapping[str, Program] = {
    "smbd": Program(mark("Let Samba answer on the LAN only"), "smb.conf(5): interfaces, bind interfaces only", "samba"),
    "sshd": Program(_BIND, "sshd_config(5): ListenAddress", "sshd"),
    "nginx": Program(
        _BIND,
        "nginx, Module ngx_http_core_module, listen: https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",
        "nginx",
    ),
    "systemd": SOCKET,
    "apache2": Program(_BIND, _APACHE, file="ports.conf", line="Listen [{address}]:{port}"),
    "httpd": Program(_BIND, _APACHE, file="httpd.conf", line="Listen [{address}]:{port}"),
    "dovecot": Program(
        _BIND, "Dovecot, Core Settings, listen", file="dovecot.conf", line="listen = 0.0.0.0, {address}"
    ),
    "named": Program(
        _BIND,
        "BIND 9 Administrator Reference Manual, listen-on-v6",
        file="named.conf, options",
        line="listen-on-v6 {{ {address}; }};",
    ),
    "unbound": Program(_BIND, "unbound.conf(5): interface", file="unbound.conf, server", line="interface: {address}"),
    "dnsmasq": Program(
        _BIND,
        "dnsmasq(8): --listen-address, --bind-interfaces",
        file="dnsmasq.conf",
        line="bind-interfaces\nlisten-address={address}",
    ),
    "mariadbd": Program(_BIND, _MARIADB, file="my.cnf, [mysqld]", line="bind-address = {address}"),
    "mysqld": Program(_BIND, _MARIADB, file="my.cnf, [mysqld]", line="bind-address = {address}"),
    "postgres": Program(
        _BIND,
        "PostgreSQL, Connections and Authentication, listen_addresses",
        file="postgresql.conf",
        line="listen_addresses = '{address}'",
    ),
    "redis-server": Program(_BIND, "redis.conf, section NETWORK, bind", file="redis.conf", line="bind {address}"),
    "mosquitto": Program(_BIND, "mosquitto.conf(5): listener", file="mosquitto.conf", line="listener {port} {address}"),
}


def host_remedies(run: Run, finding: Finding, situation: Situation, language: str) -> Iterator[Remedy]:
    """How to bind the program that the finding is about; for one that nobody knows, the way of systemd's sockets."""
    for listener in list(_concerned(run.listeners, finding, situation))[:1]:
        program = PROGRAMS.get(listener.process, SOCKET)
        bind = _bind(situation, listener)
        yield Remedy(
            router=HOST,
            title=say(program.title),
            text=render(
                f"host/{program.template}",
                language,
                bind=bind,
                port=listener.port,
                protocol="udp" if listener.protocol == "udp" else "tcp",
                interface=situation.interface,
                file=program.file,
                line=program.line.format(address=bind, port=listener.port),
            ),
            language=Language.INI,
            source=program.source,
            caution=say(program.caution),
        )


def knows(run: Run, finding: Finding, situation: Situation) -> bool:
    """The program that the finding is about has a setting of its own here."""
    return any(one.process in PROGRAMS for one in _concerned(run.listeners, finding, situation))


def _concerned(listeners: Iterable[Listener], finding: Finding, situation: Situation) -> Iterator[Listener]:
    """The sockets that the finding is about: those bound to every address first."""
    if finding.rule == EXPOSED:
        wanted = (situation.protocol, situation.port)
        found = [one for one in listeners if (one.protocol, one.port) == wanted]
    elif finding.rule == BOUND_TO_ALL:
        found = [one for one in listeners if one.bind == EVERY_ADDRESS and _named(one, finding)]
    else:
        found = []
    yield from sorted(found, key=lambda one: one.bind != EVERY_ADDRESS)


def _named(listener: Listener, finding: Finding) -> bool:
    """The evidence of V6X016 lists its sockets as tcp/22."""
    words = finding.evidence.replace(",", " ").split()
    return f"{listener.protocol}/{listener.port}" in words


def _bind(situation: Situation, listener: Listener) -> IPv6Address:
    """The stable address where the port is meant to be reachable, otherwise loopback."""
    for door in situation.doors:
        if door.protocol == listener.protocol and door.low <= listener.port <= door.high:
            return door.address
    return LOOPBACK
