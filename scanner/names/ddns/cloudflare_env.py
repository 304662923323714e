"""The environment of favonia/cloudflare-ddns and of timothymiller/cloudflare-ddns 2: an env file or a compose file.

Both read DOMAINS, IP6_DOMAINS and IP6_PROVIDER: https://github.com/favonia/cloudflare-ddns (README, "All Settings") and
https://github.com/timothymiller/cloudflare-ddns (env-example).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.model.names import Method
from scanner.names.ddns.reading import (
    Client,
    NotYamlError,
    Reading,
    entries,
    items,
    joined,
    labelled,
    line,
    scalar,
    yaml_tree,
)

NAME = "cloudflare-ddns"
PATHS = (
    "etc/cloudflare-ddns.env",
    "etc/default/cloudflare-ddns",
    "etc/cloudflare-ddns/.env",
    "opt/cloudflare-ddns/.env",
    "home/*/cloudflare-ddns/.env",
)
COMPOSE_PATHS = tuple(
    f"{folder}/docker-compose.{ending}"
    for folder in ("etc/cloudflare-ddns", "opt/cloudflare-ddns", "root/cloudflare-ddns", "home/*/cloudflare-ddns")
    for ending in ("yml", "yaml")
)
# hostid6 "decides the AAAA record" whatever address was found; favonia's local.iface publishes temporary ones as well.
SOURCE = "https://github.com/favonia/cloudflare-ddns#all-settings"
FIX = (
    "favonia/cloudflare-ddns 1.17 or newer: IP6_DOMAINS=NAME{hostid6={identifier}}; timothyjmiller/cloudflare-ddns 2.2 "
    "or newer: IP6_PROVIDER=local.iface.stable:{interface}"
)

PROVIDERS = {
    "cloudflare.trace": Method.OUTGOING,
    "cloudflare.doh": Method.OUTGOING,
    "ipify": Method.OUTGOING,
    "local": Method.OUTGOING,
    "url": Method.OUTGOING,
    "url.via4": Method.OUTGOING,
    "url.via6": Method.OUTGOING,
    "local.iface": Method.INTERFACE,
    "local.iface.stable": Method.STABLE,
    "static": Method.FIXED,
    "literal": Method.FIXED,
    "file": Method.FIXED,
    "static.empty": Method.NONE,
    "none": Method.NONE,
}
IMAGES = ("favonia/cloudflare-ddns", "timothyjmiller/cloudflare-ddns")

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_DOMAIN = re.compile(r"([^,{}]*)(\{[^{}]*\})?")


@dataclass(frozen=True, slots=True)
class Setting:
    value: str
    line: int


def parse(text: str, path: str) -> Reading:
    """An env file: ``KEY=value`` lines; only the keys named above are looked at."""
    return _published(Client(NAME, path, FIX, SOURCE), _settings(enumerate(text.splitlines(), 1)))


def parse_compose(text: str, path: str) -> Reading:
    """A compose file: the environment of each service that runs one of the two images."""
    client = Client(NAME, path, FIX, SOURCE)
    try:
        services = entries(entries(yaml_tree(text)).get("services"))
    except NotYamlError as error:
        return client.problem(error.line, "not YAML from here on")
    found = []
    for service in map(entries, services.values()):
        if any(image in scalar(service.get("image")) for image in IMAGES):
            environment = service.get("environment")
            pairs = [(line(node), f"{key.upper()}={scalar(node)}") for key, node in entries(environment).items()]
            pairs += [(line(node), scalar(node)) for node in items(environment)]
            found.append(_published(client, _settings(iter(pairs))))
    return joined(found)


def _settings(lines: Iterator[tuple[int, str]]) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for number, text in lines:
        match = _ASSIGNMENT.fullmatch(text.strip())
        if match and match[1] in ("DOMAINS", "IP6_DOMAINS", "IP6_PROVIDER", "IP6_POLICY"):
            found[match[1]] = Setting(match[2].strip().strip("'\""), number)
    return found


def _published(client: Client, settings: dict[str, Setting]) -> Reading:
    default = Setting("cloudflare.trace", 0)
    provider = settings.get("IP6_PROVIDER", settings.get("IP6_POLICY", default))
    method, told = chosen(provider.value, "IP6_PROVIDER")
    readings = []
    for key in ("DOMAINS", "IP6_DOMAINS"):
        setting = settings.get(key, default)
        if setting is default:
            continue
        for domain, fields in _DOMAIN.findall(setting.value):
            if domain.strip():
                how = (Method.FIXED, "hostid6") if "hostid6" in fields else (method, told)
                readings.append(client.publish(domain, setting.line, *how))
    return joined(readings)


def chosen(provider: str, key: str) -> tuple[Method, str]:
    """The provider's kind; what follows its colon is told only where it names an interface."""
    kind, _, argument = provider.strip().partition(":")
    known = kind if kind in PROVIDERS else "..."
    setting = labelled(f"{key}={known}", argument).replace(f"{known}=", f"{known}:") if argument else f"{key}={known}"
    return PROVIDERS.get(kind, Method.UNKNOWN), setting
