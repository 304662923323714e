"""Port sets: nmap's syntax in and out, and bad input in one line with its remedy."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.model.ports import LAST_PORT, PortSet

PORTS = st.sets(st.integers(1, LAST_PORT), max_size=40)
# Crowded, so that ranges touch and overlap.
CROWDED = st.sets(st.integers(1, 30) | st.integers(LAST_PORT - 5, LAST_PORT), max_size=40)
RANGES = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)).map(sorted), min_size=1, max_size=8)


@given(PORTS | CROWDED)
def test_what_is_written_reads_back(ports: set[int]) -> None:
    one = PortSet.of(ports)
    assert PortSet.parse(str(one)) == one
    assert list(one) == sorted(ports)
    assert len(one) == len(ports)


@given(RANGES)
def test_ranges_in_any_order_are_sorted_and_merged(ranges: list[list[int]]) -> None:
    one = PortSet.parse(",".join(f"{low}-{high}" for low, high in ranges))
    assert set(one) == {port for low, high in ranges for port in range(low, high + 1)}
    assert one == PortSet.of(one), "one set of ports has one form only"
    assert all(before[1] + 1 < after[0] for before, after in pairwise(one.ranges))


@given(CROWDED, CROWDED)
def test_sets_join_and_differ_as_sets_do(left: set[int], right: set[int]) -> None:
    assert PortSet.of(left) | PortSet.of(right) == PortSet.of(left | right)
    assert PortSet.of(left) - PortSet.of(right) == PortSet.of(left - right)


@given(CROWDED, st.integers(0, 40))
def test_membership(ports: set[int], port: int) -> None:
    assert (port in PortSet.of(ports)) == (port in ports)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("  ", ""),
        ("22", "22"),
        ("022", "22"),
        ("80,22", "22,80"),
        ("22,22,22", "22"),
        ("1-3,4,5-6", "1-6"),
        ("1-10,3-4", "1-10"),
        (" 22 , 80-90 ", "22,80-90"),
        ("-3", "1-3"),
        ("65530-", "65530-65535"),
        ("-", "1-65535"),
        ("65535", "65535"),
    ],
)
def test_nmap_syntax(text: str, written: str) -> None:
    assert str(PortSet.parse(text)) == written


def test_every_port() -> None:
    assert PortSet.every() == PortSet.parse("-")
    assert len(PortSet.every()) == 65_535
    assert 0 not in PortSet.every()
    assert 65_536 not in PortSet.every()
    assert "22" not in PortSet.every()


@pytest.mark.parametrize(
    ("text", "named", "remedy"),
    [
        ("0", "port 0 does not exist", "1 to 65535"),
        ("22,0-5", "port 0 does not exist", "1 to 65535"),
        ("65536", "port 65536 does not exist", "1 to 65535"),
        ("1-65536", "port 65536 does not exist", "1 to 65535"),
        ("99999999999999999999999", "port 99999999999999999999999 does not exist", "1 to 65535"),
        ("20-10", "'20-10' runs backwards", "write 10-20"),
        ("ssh", "'ssh' in port list 'ssh' is no port", "write ports like"),
        ("T:22", "'T:22' in port list 'T:22' is no port", "write ports like"),
        ("22,8o", "'8o' in port list '22,8o' is no port", "write ports like"),
        ("2²", "'2²' in port list '2²' is no port", "write ports like"),  # isdigit() says yes
        ("٢٢", "'٢٢' in port list '٢٢' is no port", "write ports like"),  # int() says 22
        ("+22", "'+22' in port list '+22' is no port", "write ports like"),
        ("1-2-3", "'1-2-3' in port list '1-2-3' is no port", "write ports like"),
        ("1 2", "'1 2' in port list '1 2' is no port", "write ports like"),
        ("22,,80", "port list '22,,80' has an empty part", "write ports like"),
        (",", "port list ',' has an empty part", "write ports like"),
        ("22,", "port list '22,' has an empty part", "write ports like"),
    ],
)
def test_bad_input_is_one_line_with_its_remedy(text: str, named: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        PortSet.parse(text)
    assert named in caught.value.message
    assert remedy in caught.value.remedy
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


@given(st.text(max_size=12))
def test_any_text_is_ports_or_an_input_error(text: str) -> None:
    try:
        ports = PortSet.parse(text)
    except InputError as error:
        said = error
    else:
        assert ports == PortSet.parse(str(ports))
        return
    assert len(str(said).splitlines()) == 1
    assert said.remedy
