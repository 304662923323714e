"""The 65,536 ports as a picture, small whatever was measured. Pure.

The map has 64 rows of 64 cells and a cell stands for 16 ports, so a row is 1,024 ports: row 0 holds the System Ports,
rows 1 to 47 the User Ports, rows 48 to 63 the Dynamic Ports (RFC 6335 section 6). A cell shows the most exposed of its
ports, so that one open port among sixteen is never painted over. The strip shows row 0 with one cell a port.
"""

from dataclasses import dataclass
from functools import lru_cache

from scanner.report.ranges import Range, Ranges, size
from scanner.report.results import Row, Table
from scanner.report.words import Group

WIDTH = 64
PORTS_A_CELL = 16
CELLS = 65536 // PORTS_A_CELL
STRIP_CELLS = 1024
LABEL_HEIGHT = 3.2  # cells
_PAINTED = bytes([0, *[1] * 255])  # every mark alike


@dataclass(frozen=True, slots=True)
class Layer:
    """All cells of one group as one SVG path, in cells. The first layer lies under the others as well."""

    group: Group
    path: str


@dataclass(frozen=True, slots=True)
class Label:
    """A row that holds open ports: ``y`` where the row is, ``text_y`` where there is room to write, both in cells."""

    y: float
    text_y: float
    text: str


@dataclass(frozen=True, slots=True)
class PortMap:
    strip: tuple[Layer, ...]
    strip_labels: tuple[Label, ...]
    body: tuple[Layer, ...]
    body_labels: tuple[Label, ...]


def map_of(table: Table) -> PortMap:
    return _drawn(table.rows)


@lru_cache(maxsize=128)  # a page in two languages draws the same pictures twice
def _drawn(rows: tuple[Row, ...]) -> PortMap:
    ordered = sorted(rows, key=lambda row: row.group.rank)
    body, strip = bytearray(CELLS), bytearray(STRIP_CELLS)
    for row in ordered:  # the most exposed group is painted last
        _paint(body, row.ranges, row.group, PORTS_A_CELL)
        _paint(strip, row.ranges, row.group, 1)
    open_ranges = tuple(sorted(pair for row in ordered if row.group is Group.OPEN for pair in row.ranges))
    low, high = _rows(open_ranges, WIDTH, 0, STRIP_CELLS), _rows(open_ranges, STRIP_CELLS, STRIP_CELLS, 65536)
    return PortMap(
        _layers(strip),
        _labels(low, STRIP_CELLS // WIDTH),
        _layers(body),
        _labels(high, CELLS // WIDTH),
    )


def _paint(cells: bytearray, ranges: Ranges, group: Group, ports_a_cell: int) -> None:
    mark = bytes([group.rank + 1])  # 0 is "not scanned"
    for low, high in ranges:
        first, last = low // ports_a_cell, min(high // ports_a_cell, len(cells) - 1)
        if first >= len(cells):
            break
        cells[first : last + 1] = mark * (last - first + 1)


def _layers(cells: bytearray) -> tuple[Layer, ...]:
    """The least exposed group first, and under all others: whole, it is a few rectangles however many stand on it."""
    marks = sorted(set(cells) - {0})
    if not marks:
        return ()
    others = cells.replace(bytes(marks[:1]), b"\0")
    paths: dict[int, list[str]] = {marks[0]: [_path(*box) for _, *box in _rectangles(cells.translate(_PAINTED))]}
    for mark, *box in _rectangles(others):
        paths.setdefault(mark, []).append(_path(*box))
    return tuple(Layer(group, "".join(paths[group.rank + 1])) for group in Group if group.rank + 1 in paths)


def _path(x: int, y: int, width: int, height: int) -> str:
    return f"M{x} {y}h{width}v{height}h-{width}z"


def _rectangles(cells: bytearray) -> list[tuple[int, int, int, int, int]]:
    """Runs of a row, joined with the same run of the row above: (mark, x, y, width, height)."""
    done: list[tuple[int, int, int, int, int]] = []
    growing: dict[tuple[int, int, int], int] = {}  # (mark, x, width) -> first row
    rows = len(cells) // WIDTH
    for y in range(rows):
        runs = set(_runs(cells[y * WIDTH : (y + 1) * WIDTH]))
        done += [
            (mark, x, top, width, y - top) for (mark, x, width), top in growing.items() if (mark, x, width) not in runs
        ]
        growing = {run: growing.get(run, y) for run in runs}
    done += [(mark, x, top, width, rows - top) for (mark, x, width), top in growing.items()]
    return sorted(done, key=lambda rectangle: (rectangle[2], rectangle[1]))


def _runs(row: bytearray) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    start = 0
    for x in range(1, WIDTH + 1):
        if x == WIDTH or row[x] != row[start]:
            if row[start]:
                runs.append((row[start], start, x - start))
            start = x
    return runs


def _rows(ranges: Ranges, ports_a_row: int, first: int, end: int) -> dict[int, list[Range]]:
    """The open ports from ``first`` to before ``end``, by the row they stand in."""
    rows: dict[int, list[Range]] = {}
    for low, high in ranges:
        low, high = max(low, first), min(high, end - 1)  # noqa: PLW2901
        for y in range(low // ports_a_row, high // ports_a_row + 1) if low <= high else ():
            start = y * ports_a_row
            rows.setdefault(y, []).append((max(low, start), min(high, start + ports_a_row - 1)))
    return rows


def _labels(rows: dict[int, list[Range]], height: int) -> tuple[Label, ...]:
    """One label a row, none at all where they would be too many to read."""
    if len(rows) > height / LABEL_HEIGHT:
        return ()
    labels: list[Label] = []
    for y, ranges in rows.items():
        lowest = labels[-1].text_y + LABEL_HEIGHT if labels else 0.0
        labels.append(Label(y + 0.5, max(y + 0.5, lowest), _label_text(ranges)))
    return _pushed_up(labels, height - 0.5)


def _label_text(ranges: list[Range]) -> str:
    amount = size(ranges)
    first = ranges[0][0]
    if amount == 2:  # noqa: PLR2004
        return f"{first}, {ranges[-1][1]}"
    return f"{first} +{amount - 1}" if amount > 1 else str(first)


def _pushed_up(labels: list[Label], room: float) -> tuple[Label, ...]:
    """The labels, those that ran over the lower edge moved up just enough."""
    placed: list[Label] = []
    for label in reversed(labels):
        placed.append(Label(label.y, round(min(label.text_y, room), 1), label.text))
        room = placed[-1].text_y - LABEL_HEIGHT
    return tuple(reversed(placed))
