"""Where the vantages differ: one row for addresses that fared alike, in the page and on the terminal."""

import io
from dataclasses import replace

from rich.console import Console

from scanner.model.run import Difference, Run
from scanner.model.verdict import Verdict
from scanner.report.differenceview import differences_view
from scanner.report.html import render_html
from scanner.report.terminal import render_terminal

from .sample import SAMPLES, STABLE, TEMPORARY

SEEN = {"vps-a": Verdict.UPSTREAM_DROPPED, "vps-b": Verdict.OPEN}


def run(*rows: Difference) -> Run:
    return replace(SAMPLES["before"](), differences=rows)


def both() -> Run:
    return run(Difference(STABLE, "tcp", "25,445", SEEN), Difference(TEMPORARY, "tcp", "25,445", SEEN))


def test_addresses_that_fared_alike_are_told_once() -> None:
    view = differences_view(both())
    assert view is not None
    assert view.vantages == ("vps-a", "vps-b")
    (row,) = view.rows
    assert (row.protocol, row.ports, row.count) == ("TCP", "25, 445", "2 ports")
    assert [tag.address for tag in row.tags] == [STABLE, TEMPORARY]


def test_a_vantage_that_could_not_tell_has_an_empty_cell() -> None:
    three = {"a": Verdict.OPEN, "b": Verdict.CLOSED, "c": Verdict.OPEN}
    view = differences_view(run(Difference(STABLE, "udp", "53", three), Difference(STABLE, "tcp", "22", SEEN)))
    assert view is not None
    assert view.vantages == ("a", "b", "c", "vps-a", "vps-b")
    assert [words is None for words in view.rows[0].seen] == [False, False, False, True, True]


def test_no_section_where_they_agree() -> None:
    assert differences_view(run()) is None
    assert 'id="differences"' not in render_html(run())


def test_page_and_terminal_tell_it() -> None:
    page = render_html(both())
    assert 'id="differences"' in page
    assert 'href="#differences"' in page
    assert "From vps-a" in page
    stream = io.StringIO()
    render_terminal(both(), Console(file=stream, width=100))
    (line,) = (line for line in stream.getvalue().splitlines() if line.startswith("Differs"))
    assert "TCP 25, 445: from vps-a" in line
