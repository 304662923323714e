"""config.json of timothymiller/cloudflare-ddns: https://github.com/timothymiller/cloudflare-ddns."""

import json
from typing import Any

from scanner.model.names import Method, Publication
from scanner.names.ddns.cloudflare_env import chosen
from scanner.names.ddns.reading import Client, Reading, joined, line_of

NAME = "cloudflare-ddns"
PATHS = (
    "etc/cloudflare-ddns/config.json",
    "opt/cloudflare-ddns/config.json",
    "root/cloudflare-ddns/config.json",
    "home/*/cloudflare-ddns/config.json",
)
# "selects the preferred stable IPv6 address ..., excluding temporary (privacy-extension) and deprecated addresses"
SOURCE = "https://github.com/timothymiller/cloudflare-ddns/blob/master/RELEASE_NOTES_2.2.0.md"
FIX = '"ip6_provider": "local.iface.stable:{interface}" (version 2.2.0 or newer)'


def parse(text: str, path: str) -> Reading:
    client = Client(NAME, path, FIX, SOURCE)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        return client.problem(error.lineno, "not JSON from here on")
    except (RecursionError, ValueError):
        return client.problem(1, "not JSON that can be read")
    root = document if isinstance(document, dict) else {}
    method, setting = _method(root)
    hosts = [host for zone in _list(root.get("cloudflare")) for host in _hosts(zone)]
    return joined(_published(client, text, host, method, setting) for host in hosts)


def _method(root: dict[str, Any]) -> tuple[Method, str]:
    if root.get("aaaa", True) is False:
        return Method.NONE, '"aaaa": false'
    provider = root.get("ip6_provider")
    return chosen(provider if isinstance(provider, str) else "cloudflare.trace", "ip6_provider")


def _hosts(zone: Any) -> list[str]:
    """The part before the zone, which the file holds by its id only; the zone itself is ""."""
    subdomains = _list(zone.get("subdomains")) if isinstance(zone, dict) else []
    names = [one.get("name") if isinstance(one, dict) else one for one in subdomains]
    return [name for name in names if isinstance(name, str)]


def _published(client: Client, text: str, host: str, method: Method, setting: str) -> Reading:
    line = line_of(text, json.dumps(host)) if host else line_of(text, '"subdomains"')
    if "." in host:
        return client.publish(host, line, method, setting)
    lacking = client.problem(line, "the file holds only the id of the zone: give the whole name as an argument")
    name = host.lower()
    if not (name.isascii() and name.replace("-", "").isalnum()):
        return lacking
    partial = Publication(client.name, name, client.path, line, method, setting, client.fix, client.source, whole=False)
    return joined((Reading((partial,)), lacking))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
