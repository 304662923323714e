import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.ports import PortSet
from scanner.model.verdict import Verdict
from scanner.report.portmap import LABEL_HEIGHT, PORTS_A_CELL, WIDTH, Layer, map_of
from scanner.report.ranges import read_ranges, size
from scanner.report.results import Row, Table, blocks_of
from scanner.report.words import VERDICT_ORDER, VERDICTS, Group

from .sample import SAMPLES, alternating

VERDICT_BY_PORT = st.dictionaries(
    st.integers(1, 1200) | st.integers(1, 65535), st.sampled_from(Verdict), min_size=1, max_size=60
)


def table_of(verdicts: dict[int, Verdict]) -> Table:
    rows = []
    for verdict in VERDICT_ORDER:
        ranges = PortSet.of(port for port, found in verdicts.items() if found is verdict).ranges
        if ranges:
            rows.append(Row(verdict, ranges, size(ranges)))
    return Table("tcp", len(verdicts), tuple(rows), (), None, ())


def cells(layers: tuple[Layer, ...]) -> dict[tuple[int, int], Group]:
    """The picture read back: cell -> group. Only the first layer is painted over."""
    found: dict[tuple[int, int], Group] = {}
    for layer in layers:
        pieces = re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-(\d+)z", layer.path)
        assert layer.path == "".join("M{} {}h{}v{}h-{}z".format(*piece) for piece in pieces)
        for x, y, width, height, back in [tuple(map(int, piece)) for piece in pieces]:
            assert width == back
            for row in range(y, y + height):
                for column in range(x, x + width):
                    assert column < WIDTH
                    assert found.get((row, column), layers[0].group) is layers[0].group
                    found[row, column] = layer.group
    return found


@settings(deadline=None)
@given(VERDICT_BY_PORT)
def test_each_cell_shows_the_most_exposed_of_its_ports(verdicts: dict[int, Verdict]) -> None:
    picture = map_of(table_of(verdicts))
    worst = {}
    for port, verdict in verdicts.items():
        place = divmod(port // PORTS_A_CELL, WIDTH)
        worst[place] = max(worst.get(place, Group.ROUTER), VERDICTS[verdict].group, key=lambda group: group.rank)
    assert cells(picture.body) == worst
    expected = {divmod(port, WIDTH): VERDICTS[verdict].group for port, verdict in verdicts.items() if port < 1024}
    assert cells(picture.strip) == expected


STRETCHES = st.lists(
    st.tuples(st.integers(1, 65535), st.integers(1, 20_000), st.sampled_from(Verdict)), min_size=1, max_size=5
)


@given(STRETCHES)
@settings(max_examples=20, deadline=None)
def test_long_stretches_are_painted_whole(stretches: list[tuple[int, int, Verdict]]) -> None:
    verdicts = {
        port: verdict for start, length, verdict in stretches for port in range(start, min(start + length, 65536))
    }
    worst: dict[tuple[int, int], Group] = {}
    for port, verdict in verdicts.items():
        place = divmod(port // PORTS_A_CELL, WIDTH)
        worst[place] = max(worst.get(place, Group.ROUTER), VERDICTS[verdict].group, key=lambda group: group.rank)
    assert cells(map_of(table_of(verdicts)).body) == worst


@settings(deadline=None)
@given(VERDICT_BY_PORT)
def test_labels_never_overlap_nor_leave_the_picture(verdicts: dict[int, Verdict]) -> None:
    picture = map_of(table_of(verdicts))
    for labels, height in ((picture.strip_labels, 16), (picture.body_labels, 64)):
        spots = [label.text_y for label in labels]
        assert all(0 <= spot <= height for spot in spots)
        assert all(right - left >= LABEL_HEIGHT - 0.11 for left, right in pairwise(spots))


def test_labels_name_the_open_ports_of_their_row() -> None:
    picture = map_of(table_of(dict.fromkeys((22, 80, 111, 443, 445, 2049, 8080, 8081, 8082), Verdict.OPEN)))
    assert [label.text for label in picture.strip_labels] == ["22", "80, 111", "443, 445"]
    assert [label.text for label in picture.body_labels] == ["2049", "8080 +2"]


def test_too_many_labels_are_none() -> None:
    assert map_of(table_of(dict.fromkeys(range(1, 65536, 64), Verdict.OPEN))).body_labels == ()


def test_the_worst_case_stays_small() -> None:
    for block in blocks_of(alternating()):
        for table in block.tables:
            picture = map_of(table)
            assert sum(len(layer.path) for layer in (*picture.body, *picture.strip)) < 40_000


def test_a_whole_picture_is_a_few_rectangles() -> None:
    table = blocks_of(SAMPLES["after"]())[0].tables[0]
    assert sum(len(layer.path) for layer in map_of(table).body) < 400
    assert read_ranges("1-65535") == ((1, 65535),)
