import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from scanner.model.run import Run
from scanner.report.terminal import render_terminal

from .sample import SAMPLES, STABLE, TEMPORARY, alternating, before_fix

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def shown(
    run: Run,
    *,
    width: int = 80,
    height: int = 24,
    terminal: bool = False,
    environ: dict[str, str] | None = None,
    everything: bool = False,
) -> str:
    stream = io.StringIO()
    colours = "standard" if terminal else None
    console = Console(
        file=stream, width=width, height=height, force_terminal=terminal, _environ=environ or {}, color_system=colours
    )
    render_terminal(run, console, everything=everything)
    return stream.getvalue()


@pytest.mark.parametrize("name", SAMPLES)
def test_it_fits_a_screen_of_24_rows_and_80_columns(name: str) -> None:
    """With a row for the prompt and one for where the report went."""
    lines = shown(SAMPLES[name]()).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) <= 22


@pytest.mark.parametrize("name", SAMPLES)
def test_a_narrow_terminal_gets_a_screen_too(name: str) -> None:
    lines = shown(SAMPLES[name](), width=40).splitlines()
    assert max(map(cell_len, lines)) <= 40
    assert len(lines) <= 24


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_wider_than_the_console(name: str, width: int) -> None:
    assert max(map(cell_len, shown(SAMPLES[name](), width=width).splitlines())) <= width


def test_a_taller_terminal_shows_more() -> None:
    short, tall = shown(before_fix(), height=16), shown(before_fix(), height=60)
    assert len(short.splitlines()) < len(tall.splitlines())
    assert "more; -v shows" in short
    assert "more; -v shows" not in tall


def test_the_story_before_the_fix() -> None:
    text = shown(before_fix(), height=60)
    lines = text.splitlines()
    assert lines[0].startswith("Grade F    The router lets everything in")
    assert "Critical   SMB file sharing answers strangers 445/tcp (stable + temporary)" in lines
    assert f"on {STABLE} stable," in text
    assert f"{TEMPORARY} temporary" in text
    assert "TCP        open: 22, 80, 111, 139, 443, 445, 2049, 8080; passed, closed: 65,527" in lines
    assert "At most 1 in 10,000 that a port called blocked was merely lost" in " ".join(text.split())
    assert text.index("Critical") < text.index("High") < text.index("Medium") < text.index("Low")


@pytest.mark.parametrize("name", ["before", "after", "incomplete"])
def test_findings_come_right_after_the_verdict(name: str) -> None:
    words = [line.split("  ")[0] for line in shown(SAMPLES[name]()).splitlines() if line and line[0] != " "]
    assert words[0].startswith("Grade")
    assert words[1] in {"Critical", "High", "Medium", "Low", "Info", "Findings"}
    assert words.index("Do first") < words.index("TCP")


def test_the_story_after_the_fix() -> None:
    text = " ".join(shown(SAMPLES["after"]()).split())
    assert "grade F -> A, open to strangers 12 -> 3" in text
    assert "router dropped: 65,532 ports" in text


def test_problems_stand_last() -> None:
    assert shown(SAMPLES["incomplete"]()).rstrip().splitlines()[-1].startswith("Problem")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("one-sided", "silence proves nothing"),
        ("refuted", "says nothing about strangers"),
        ("incomplete", "unknown, not safe"),
        ("interrupted", "the rest is unknown"),
        ("empty", "Nothing measured"),
    ],
)
def test_what_is_not_known_is_said(name: str, said: str) -> None:
    assert said in " ".join(shown(SAMPLES[name]()).split())


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "after"])
def test_green_headlines_are_earned(name: str) -> None:
    first = shown(SAMPLES[name](), terminal=True).splitlines()[0]
    assert "\x1b[1;32m" not in first
    assert "\x1b[1;32mGrade A" in shown(SAMPLES["after"](), terminal=True).splitlines()[0]


def test_many_findings_are_cut_and_counted() -> None:
    run = before_fix()
    many = tuple(replace(run.findings[0], port=port, title=f"Port {port} answers") for port in range(1, 31))
    text = shown(replace(run, findings=many))
    told = text.count("Critical")
    assert told >= 3
    assert f"... and {30 - told} more; -v shows them" in text
    assert shown(replace(run, findings=many), everything=True).count("Critical") == 30


def test_no_color() -> None:
    assert "\x1b[" in shown(before_fix(), terminal=True)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", shown(before_fix(), terminal=True, environ={"NO_COLOR": "1"}))


def test_hostile_text_stays_text() -> None:
    text = ESCAPES.sub("", shown(SAMPLES["hostile"](), terminal=True, width=120))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "[bold]markup[/bold]" in shown(SAMPLES["hostile"](), width=2000).replace("\n", "")
    assert len(text) < 20_000


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=120))
def test_any_foreign_text_is_printed_and_nothing_more(text: str) -> None:
    run = before_fix()
    run = replace(
        run,
        host=replace(run.host, name=text),
        summary=replace(run.summary, headline=text, reasons=(text,)),
        findings=(replace(run.findings[0], title=text, address=text),),
        run=replace(run.run, problems=(text,)),
    )
    printed = shown(run)
    assert not [letter for letter in printed if letter != "\n" and not letter.isprintable() and not letter.isspace()]
    assert "\x1b" not in printed


def test_a_worst_case_is_still_a_screen() -> None:
    assert len(shown(alternating()).splitlines()) <= 22
