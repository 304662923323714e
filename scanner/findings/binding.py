"""V6X016: a service takes connections on every address, temporary ones included, though one address is meant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scanner.findings.facts import View
from scanner.findings.fingerprint import fingerprint
from scanner.findings.words import cleaned, listed
from scanner.model.address import Address, Kind, Listener, State
from scanner.model.finding import Finding, Severity
from scanner.model.text import Text, capitalised, mark, say, say_many

RULE = "V6X016"
EVERY_ADDRESS = "::"
UNNAMED = say("a program of unknown name")


@dataclass(frozen=True, slots=True)
class Hint:
    """``file`` is where, ``line`` what, with {address}, {prefix_length} and {port} to fill in."""

    file: str
    line: str


IN_NGINX = say("the server block")
# Written as each program's own manual writes it; by the name of the process.
HINTS: Mapping[str, Hint] = {
    "smbd": Hint("smb.conf", mark("interfaces = lo {address}/{prefix_length} and bind interfaces only = yes")),
    "sshd": Hint("sshd_config", "ListenAddress [{address}]:{port}"),
    "nginx": Hint(IN_NGINX, "listen [{address}]:{port};"),
    "apache2": Hint("ports.conf", "Listen [{address}]:{port}"),
    "httpd": Hint("httpd.conf", "Listen [{address}]:{port}"),
    "dovecot": Hint("dovecot.conf", "listen = {address}"),
    "named": Hint("named.conf", "listen-on-v6 {{ {address}; }};"),
    "unbound": Hint("unbound.conf", "interface: {address}"),
    "dnsmasq": Hint("dnsmasq.conf", mark("listen-address={address} and bind-interfaces")),
    "mariadbd": Hint("my.cnf", "bind-address = {address}"),
    "mysqld": Hint("my.cnf", "bind-address = {address}"),
    "postgres": Hint("postgresql.conf", "listen_addresses = '{address}'"),
    "redis-server": Hint("redis.conf", "bind {address}"),
    "mosquitto": Hint("mosquitto.conf", "listener {port} {address}"),
}
SYSTEMD = mark("bind it to [{address}]:{port} in its own settings (systemd socket: ListenStream=[{address}]:{port})")


def judge_bound_to_all(view: View) -> Iterator[Finding]:
    """One finding for each program that listens on ``::``, where the host has an address that nobody is meant to use:
    a temporary one or a deprecated one. Ports that the policy allows on temporary addresses are meant so.
    """
    meant = _meant_address(view)
    extra = [
        address
        for address in view.facts.inventory.scannable()
        if address.kind is Kind.TEMPORARY or address.state is State.DEPRECATED
    ]
    if meant is None or not extra:
        return
    programs: dict[str, list[Listener]] = {}
    for listener in view.facts.inventory.listeners:
        if listener.bind == EVERY_ADDRESS and not listener.interface and not _wanted_everywhere(view, listener):
            programs.setdefault(cleaned(listener.process) or UNNAMED, []).append(listener)
    yield from (_finding(name, listeners, meant, len(extra)) for name, listeners in programs.items())


def _meant_address(view: View) -> Address | None:
    """The stable address that a name would point to."""
    stable = (
        address
        for address in view.facts.inventory.scannable()
        if address.kind is Kind.STABLE and address.state is State.PREFERRED
    )
    return next(stable, None)


def _wanted_everywhere(view: View, listener: Listener) -> bool:
    return listener.port in view.facts.policy.allowed(listener.protocol, Kind.TEMPORARY)


def _finding(name: str, listeners: list[Listener], meant: Address, extra: int) -> Finding:
    ports = list(dict.fromkeys(f"{one.protocol}/{one.port}" for one in listeners))
    return Finding(
        rule=RULE,
        severity=Severity.INFO,
        title=say("{program} listens on every address, temporary ones too", program=capitalised(name)),
        address=None,
        protocol=None,
        port=None,
        why=say_many(
            "It is meant to be found at one address, and {count:,} other address of this host opens the same door; a "
            "filter written for the one address does not know them.",
            "It is meant to be found at one address, and {count:,} other addresses of this host open the same door; a "
            "filter written for the one address does not know them.",
            extra,
        ),
        evidence=say("{program} is bound to [::] on {ports}", program=name, ports=listed(ports)),
        remedy=_remedy(name, listeners[0], meant),
        standard="RFC 8981 section 4; CWE-1327",
        fingerprint=fingerprint(RULE, None, None, name),  # not its ports: one more is the same thing, wider
    )


def _remedy(name: str, listener: Listener, meant: Address) -> str:
    hint = HINTS.get(name.lower())
    values = {"address": meant.ip, "prefix_length": meant.prefix_length, "port": listener.port}
    told: Text = say(SYSTEMD, **values)
    if hint:
        told = say("in {file}: {line}", file=hint.file, line=say(hint.line, **values))
    return say(
        "Host: {told}, if strangers are to use {address} only. Router: filter the whole prefix, not one address.",
        told=told,
        address=meant.ip,
    )
