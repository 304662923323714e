"""Which DDNS clients are set up on this host, which names they keep and how they choose the address.

reading          what a parser hands back
CLIENTS          every file format: its key, its parser, where such files lie
find_settings    all of them below a root
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.model.errors import InputError
from scanner.model.text import say
from scanner.names.ddns import cloudflare_env, cloudflare_json, cloudflare_toml, ddclient, ddns_go, ddns_route53, inadyn
from scanner.names.ddns.reading import Reading, joined

LARGEST = 1 << 16  # octets: a person wrote it, and any user may lay one into a home directory


@dataclass(frozen=True, slots=True)
class Format:
    """``parse`` never raises; ``paths`` are globs below the root of the file system."""

    key: str
    parse: Callable[[str, str], Reading]
    paths: tuple[str, ...]


CLIENTS = (
    Format("ddclient", ddclient.parse, ddclient.PATHS),
    Format("inadyn", inadyn.parse, inadyn.PATHS),
    Format("ddns-route53", ddns_route53.parse, ddns_route53.PATHS),
    Format("cloudflare-ddns-json", cloudflare_json.parse, cloudflare_json.PATHS),
    Format("cloudflare-ddns-env", cloudflare_env.parse, cloudflare_env.PATHS),
    Format("cloudflare-ddns-compose", cloudflare_env.parse_compose, cloudflare_env.COMPOSE_PATHS),
    Format("ddns-cloudflare", cloudflare_toml.parse, cloudflare_toml.PATHS),
    Format("ddns-go", ddns_go.parse, ddns_go.PATHS),
)


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file the owner named: ``CLIENT=PATH``."""

    format: Format
    path: Path

    @classmethod
    def parse(cls, text: str) -> "SettingsFile":
        """Raises InputError naming the known clients."""
        key, _, path = text.partition("=")
        known = {one.key: one for one in CLIENTS}
        if key not in known or not path:
            raise InputError(
                say("{text!r} is not CLIENT=PATH", text=text), say("CLIENT is one of {known}", known=", ".join(known))
            )
        return cls(known[key], Path(path))


def find_settings(
    root: Path = Path("/"), named: Iterable[SettingsFile] = (), formats: Iterable[Format] = CLIENTS
) -> Reading:
    """Every settings file of ``formats`` in its usual places below ``root``, and every ``named`` one. What lies in a
    usual place and cannot be read becomes a problem; a ``named`` file that cannot be read raises InputError.
    """
    files = [SettingsFile(one, path) for one in formats for pattern in one.paths for path in _matching(root, pattern)]
    readings = [one.format.parse(_read(one.path), str(one.path)) for one in named]
    return joined([*map(_read_if_there, files), *readings])


def _matching(root: Path, pattern: str) -> Iterator[Path]:
    if "*" not in pattern:
        yield root / pattern
        return
    try:
        yield from sorted(root.glob(pattern))
    except OSError:
        return


def _read_if_there(file: SettingsFile) -> Reading:
    try:
        return file.format.parse(_read(file.path), str(file.path)) if os.path.lexists(file.path) else Reading()
    except InputError as error:
        return Reading(problems=(error.message,))


def _read(path: Path) -> str:
    """Raises InputError. A device or a pipe might never end, so that only files are opened."""
    remedy = say("name a file that can be read, or run as root")
    try:
        if not path.is_file():
            raise InputError(say("{path}: not a file that can be read", path=path), remedy)
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(
            say("{path}: cannot be read ({why})", path=path, why=error.strerror or type(error).__name__), remedy
        ) from error
    if len(content) > LARGEST:
        raise InputError(
            say("{path}: longer than {largest:,} octets, not read", path=path, largest=LARGEST),
            say("name the settings of a DDNS client"),
        )
    return content.decode(errors="replace")
