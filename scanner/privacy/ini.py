"""Sections, keys and values with their line numbers: systemd's dialect and that of GLib key files."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    section: str
    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Ini:
    """Entries in order, and the lines that are none of it: (line, why)."""

    entries: tuple[Entry, ...]
    complaints: tuple[tuple[int, str], ...]

    def last(self, section: str, key: str) -> Entry | None:
        """Later assignments win."""
        return next((one for one in reversed(self.entries) if (one.section, one.key) == (section, key)), None)

    def value(self, section: str, key: str, default: str = "") -> str:
        entry = self.last(section, key)
        return entry.value if entry else default


def parse_ini(text: str, *, comments: str = "#;", continued: bool = False) -> Ini:
    """``continued``: a backslash at the end of a line joins the next one (systemd.syntax(7)). Never raises."""
    entries: list[Entry] = []
    complaints: list[tuple[int, str]] = []
    section = ""
    for number, line in _lines(text, comments, continued=continued):
        stripped = line.strip()
        if not stripped or stripped[0] in comments:
            continue
        if stripped.startswith("[") and stripped.endswith("]"):
            section = stripped[1:-1]
            continue
        key, equals, value = stripped.partition("=")
        if not equals or not key.strip():
            complaints.append((number, "is neither a section nor an assignment, ignored"))
        elif not section:
            complaints.append((number, "stands outside of any section, ignored"))
        else:
            entries.append(Entry(section, key.strip(), value.strip(), number))
    return Ini(tuple(entries), tuple(complaints))


def _lines(text: str, comments: str, *, continued: bool) -> Iterator[tuple[int, str]]:
    """Logical lines, each with the number of its first physical one."""
    joined, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if joined and line.lstrip()[:1] and line.lstrip()[0] in comments:
            continue  # systemd.syntax(7): comments between continued lines are left out
        start = start if joined else number
        if continued and line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        yield start, joined + line
        joined = ""
    if joined:
        yield start, joined
