"""ddns-cloudflare.toml of masterflitzer/ddns-cloudflare: https://github.com/masterflitzer/ddns-cloudflare."""

import re
import tomllib
from typing import Any

from scanner.model.names import Method
from scanner.names.ddns.reading import Client, Reading, joined, line_of

NAME = "ddns-cloudflare"
PATHS = (
    "root/.config/ddns-cloudflare/ddns-cloudflare.toml",
    "home/*/.config/ddns-cloudflare/ddns-cloudflare.toml",
)
# Without prefer_outgoing it takes the first other address of the prefix, which may be a temporary one as well.
SOURCE = "https://github.com/masterflitzer/ddns-cloudflare#configuration"
FIX = "[ipv6] prefer_eui64 = true, prefer_outgoing = false, and let {interface} form its stable address by EUI-64"

_LINE = re.compile(r"line (\d+)")


def parse(text: str, path: str) -> Reading:
    client = Client(NAME, path, FIX, SOURCE)
    try:
        root = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _LINE.search(str(error))
        return client.problem(int(where[1]) if where else text.count("\n") + 1, "not TOML from here on")
    except (RecursionError, ValueError):
        return client.problem(1, "not TOML that can be read")
    method, setting = chosen(root)
    return joined(
        client.publish(zone if name in ("", "@") else f"{name}.{zone}", line_of(text, f'"{name}"'), method, setting)
        for zone, names in _zones(root)
        for name in names
    )


def chosen(root: dict[str, Any]) -> tuple[Method, str]:
    ipv6 = root.get("ipv6")
    settings = ipv6 if isinstance(ipv6, dict) else {}
    if settings.get("prefer_eui64") is True:
        return Method.STABLE, "prefer_eui64 = true"
    if settings.get("prefer_outgoing") is True or root.get("use_preferred_ipv6") is True:
        return Method.OUTGOING, "prefer_outgoing = true"
    return Method.INTERFACE, "prefer_outgoing = false"


def _zones(root: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """``[records]`` by zone, or as in earlier versions ``[[zones]]`` with name and records."""
    records, zones = root.get("records"), root.get("zones")
    found = list(records.items()) if isinstance(records, dict) else []
    for zone in zones if isinstance(zones, list) else []:
        if isinstance(zone, dict) and isinstance(zone.get("name"), str):
            found.append((zone["name"], zone.get("records")))
    return [
        (zone, [name for name in names if isinstance(name, str)]) for zone, names in found if isinstance(names, list)
    ]
