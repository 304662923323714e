import io
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from scanner.model.run import Run
from scanner.report.terminal import MOST_CARDS, render_terminal

from .sample import SAMPLES, STABLE, TEMPORARY, alternating, before_fix

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def shown(
    run: Run,
    *,
    width: int = 80,
    terminal: bool = False,
    environ: dict[str, str] | None = None,
    everything: bool = False,
) -> str:
    stream = io.StringIO()
    colours = "standard" if terminal else None
    console = Console(file=stream, width=width, force_terminal=terminal, _environ=environ or {}, color_system=colours)
    render_terminal(run, console, everything=everything)
    return stream.getvalue()


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in {"hostile", "alternating"}])
def test_it_fits_a_screen(name: str) -> None:
    lines = shown(SAMPLES[name]()).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 40


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_wider_than_the_console(name: str, width: int) -> None:
    assert max(map(cell_len, shown(SAMPLES[name](), width=width).splitlines())) <= width


def test_the_story_before_the_fix() -> None:
    text = shown(before_fix())
    lines = text.splitlines()
    assert lines[0].startswith("Grade F    The router lets everything in")
    assert "CRITICAL   SMB file sharing answers strangers 445/tcp (stable + temporary)" in lines
    assert f"{STABLE} stable" in lines
    assert f"{TEMPORARY} temporary" in lines
    assert "  TCP        open: 22, 80, 111, 139, 443, 445, 2049, 8080" in lines
    assert "             passed, closed: 65,527 ports" in lines
    assert "at most 1 in 10,000 that a port called blocked was merely lost" in text
    assert text.index("CRITICAL") < text.index("HIGH") < text.index("MEDIUM") < text.index("LOW")


def test_the_story_after_the_fix() -> None:
    text = shown(SAMPLES["after"]())
    assert "grade F -> A; open to strangers 12 -> 3" in text
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


def test_many_findings_are_capped_and_counted() -> None:
    run = before_fix()
    many = tuple(replace(run.findings[0], port=port, title=f"Port {port} answers") for port in range(1, 31))
    text = shown(replace(run, findings=many))
    assert text.count("CRITICAL") == MOST_CARDS
    assert "... and 22 more in the report" in text
    assert shown(replace(run, findings=many), everything=True).count("CRITICAL") == 30


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
    assert len(shown(alternating()).splitlines()) < 45
