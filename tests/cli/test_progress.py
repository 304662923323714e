"""What a scan shows of itself on standard error."""

import io

import pytest

from scanner.cli.progress import Display
from scanner.probes.surroundings import Progress

STEPS = (
    Progress("connecting to ssh:a", 0, 0, 0, "a"),
    Progress("sweep", 1, 10, 1000, "a"),
    Progress("sweep", 1, 10, 500, "b"),
    Progress("sweep", 2, 10, 1000, "a"),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, steps: tuple[Progress, ...] = STEPS, *, quiet: bool = False) -> str:
    with Display(stream, quiet=quiet) as display:
        for step in steps:
            display.update(step)
        assert len(display._tasks) == (0 if quiet else len({step.vantage for step in steps}))
    return stream.getvalue()


def test_a_line_a_stage_and_vantage() -> None:
    assert shown(io.StringIO()).splitlines() == [
        "v6expose: a: connecting to ssh:a",
        "v6expose: a: sweep",
        "v6expose: b: sweep",
    ]


def test_one_vantage_needs_no_name() -> None:
    assert shown(io.StringIO(), (Progress("sweep", 1, 10, 1000),)) == "v6expose: sweep\n"


def test_a_bar_for_each_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = shown(Terminal())
    assert "a: sweep" in text
    assert "b: sweep" in text


def test_quiet_is_quiet() -> None:
    assert shown(io.StringIO(), quiet=True) == ""


def test_a_name_is_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert "ssh:[::1]: sweep" in shown(Terminal(), (Progress("sweep", 1, 10, 1000, "ssh:[::1]"),))
