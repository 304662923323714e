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

LARGEST = 64 * 1024  # bytes
DIRECTORY = "CREDENTIALS_DIRECTORY"  # systemd.exec(5), LoadCredential=
_OTHERS = 0o066  # read or write, for group and others
_SAMPLE = "write one apprise URL a line (https://github.com/caronc/apprise/wiki), # begins a comment"


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
        raise InputError(f"{name} names nobody to tell", _SAMPLE)
    return services


def _path(source: Source, environment: Mapping[str, str]) -> Path:
    if source.kind is SourceKind.FILE:
        return Path(source.where)
    directory = environment.get(DIRECTORY, "")
    if not directory:
        raise EnvironmentFault(
            f"{source} is there only in a service of systemd",
            f"v6expose schedule install --credential {source.where}=FILE makes one, or give file:PATH",
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
                raise InputError(f"{name} is no file", _SAMPLE)
            if secret:
                _refuse_shared(path, status)
            content = file.read(LARGEST + 1)
    except PermissionError as error:
        raise EnvironmentFault(f"{name} may not be read by you", "run as its owner, or give a file of yours") from error
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror})", "give a file that is there") from error
    if len(content) > LARGEST:
        raise InputError(f"{name} is larger than {LARGEST // 1024} KiB", _SAMPLE)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not UTF-8 text", _SAMPLE) from error


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    caller = os.environ.get("SUDO_UID", "")
    if status.st_uid not in {os.geteuid(), 0, *([int(caller)] if caller.isdecimal() else [])}:
        raise InputError(f"file:{path} belongs to another user", f"make it yours: chown {os.geteuid()} {path}")
    if status.st_mode & _OTHERS:
        raise InputError(f"file:{path} holds secrets, and others may read or change it", f"chmod 600 {path}")


def _services(text: str, name: str) -> Iterator[Service]:
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if "://" not in line or not line.isprintable() or " " in line:
            raise InputError(f"{name}, line {number}, is no apprise URL", _SAMPLE)
        yield Service(f"{name}, line {number}", line)
