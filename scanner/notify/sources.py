"""Files and systemd credentials -> the services they name.

What is wrong is said with file and line, never with a URL.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.notices import Source, SourceKind
from scanner.model.text import say

LARGEST = 64 * 1024  # bytes
DIRECTORY = "CREDENTIALS_DIRECTORY"  # systemd.exec(5), LoadCredential=
_OTHERS = 0o066  # read or write, for group and others
_SAMPLE = say("write one apprise URL a line (https://github.com/caronc/apprise/wiki), # begins a comment")


@dataclass(frozen=True, slots=True)
class Service:
    """Where one message goes. ``label`` names it without telling it."""

    label: str
    url: str = field(repr=False)


def distinct(services: Iterable[Service]) -> tuple[Service, ...]:
    """A place that is named twice is told once."""
    return tuple({service.url: service for service in services}.values())


def read_source(source: Source, environment: Mapping[str, str]) -> tuple[Service, ...]:
    """Raises InputError for what is wrong with a file, EnvironmentFault for what only its owner or a service reads."""
    if source.kind is SourceKind.NONE:
        return ()
    path, name = _path(source, environment), str(source)
    services = tuple(_services(_read(path, name, secret=source.kind is SourceKind.FILE), name))
    if not services:
        raise InputError(say("{name} names nobody to tell", name=name), _SAMPLE)
    return services


def _path(source: Source, environment: Mapping[str, str]) -> Path:
    if source.kind is SourceKind.FILE:
        return Path(source.where)
    directory = environment.get(DIRECTORY, "")
    if not directory:
        raise EnvironmentFault(
            say("{source} is there only in a service of systemd", source=source),
            say("v6expose schedule install --credential {where}=FILE makes one, or give file:PATH", where=source.where),
        )
    return Path(directory) / source.where


def _read(path: Path, name: str, *, secret: bool) -> str:
    """``secret``: nobody else may read it. systemd sees to that for credentials, by access lists that look like group
    rights.
    """
    try:
        # a pipe that nobody writes to must not hold the scan up
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InputError(say("{name} is no file", name=name), _SAMPLE)
            if secret:
                _refuse_shared(path, status)
            content = file.read(LARGEST + 1)
    except PermissionError as error:
        raise EnvironmentFault(
            say("{name} may not be read by you", name=name), say("run as its owner, or give a file of yours")
        ) from error
    except OSError as error:
        raise InputError(
            say("{name} cannot be read ({why})", name=name, why=error.strerror), say("give a file that is there")
        ) from error
    if len(content) > LARGEST:
        raise InputError(say("{name} is larger than {largest} KiB", name=name, largest=LARGEST // 1024), _SAMPLE)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(say("{name} is not UTF-8 text", name=name), _SAMPLE) from error


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    caller = os.environ.get("SUDO_UID", "")
    if status.st_uid not in {os.geteuid(), 0, *([int(caller)] if caller.isdecimal() else [])}:
        raise InputError(
            say("file:{path} belongs to another user", path=path),
            say("make it yours: chown {uid} {path}", uid=os.geteuid(), path=path),
        )
    if status.st_mode & _OTHERS:
        raise InputError(
            say("file:{path} holds secrets, and others may read or change it", path=path),
            say("chmod 600 {path}", path=path),
        )


def _services(text: str, name: str) -> Iterator[Service]:
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if "://" not in line or not line.isprintable() or " " in line:
            raise InputError(say("{name}, line {number}, is no apprise URL", name=name, number=number), _SAMPLE)
        yield Service(f"{name}, line {number}", line)
