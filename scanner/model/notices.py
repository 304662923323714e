"""Where it is written who is told what a run found: never the place itself, which is a secret."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from scanner.model.errors import InputError
from scanner.model.text import say

_NAME = re.compile(r"[A-Za-z0-9_@:=+-][A-Za-z0-9_@:=+.-]{0,254}")  # systemd.exec(5), LoadCredential=: a file name
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_WRITE = say(
    "write file:/etc/v6expose/notify, or credential:NAME for what systemd's LoadCredential=NAME:FILE hands over"
)


class SourceKind(StrEnum):
    FILE = "file"
    CREDENTIAL = "credential"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Source:
    """A file or a systemd credential that holds apprise URLs, one a line. ``where``: a path or a credential's name."""

    kind: SourceKind
    where: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """``file:PATH``, ``credential:NAME`` or ``none``. Raises InputError, which never repeats ``text``: it may be a
        URL with a password in it.
        """
        word = text.strip()
        if word == SourceKind.NONE:
            return cls(SourceKind.NONE)
        kind, _, where = word.partition(":")
        if _URL.match(word) and kind not in (SourceKind.FILE, SourceKind.CREDENTIAL):
            raise InputError(
                say("a URL does not belong here, it holds secrets"),
                say("put it into a file that only you can read (chmod 600) and write file:/path/of/that/file"),
            )
        if kind == SourceKind.FILE:
            return cls(SourceKind.FILE, _whole(where))
        if kind == SourceKind.CREDENTIAL and _NAME.fullmatch(where):
            return cls(SourceKind.CREDENTIAL, where)
        raise InputError(say("this is no place to read URLs from"), _WRITE)

    def __str__(self) -> str:
        return f"{self.kind}:{self.where}" if self.where else self.kind.value


def _whole(where: str) -> str:
    try:
        path = Path(where).expanduser()
    except RuntimeError as error:  # ~nobody
        raise InputError(say("file: names no home directory"), _WRITE) from error
    if where.startswith("//") or not path.is_absolute() or not where.isprintable():
        raise InputError(say("file: wants a whole path, for scans by the clock start elsewhere"), _WRITE)
    return str(path)
