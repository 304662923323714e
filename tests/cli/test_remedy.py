"""``v6expose remedy`` and ``v6expose recheck`` as typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.cli.recheck import change, exit_status, page
from scanner.codec import run_to_json
from scanner.remedies.again import Again, Shift, Standing
from scanner.remedies.routers import load_routers
from tests.remedies import sample

GONE = Again(sample.finding(), Standing.GONE)
STILL = Again(sample.finding(), Standing.STILL_THERE)
UNKNOWN = Again(sample.finding(), Standing.NOT_MEASURED, why="the vantage died")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("V6EXPOSE_STORE", str(tmp_path / "runs.db"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    Path("run.json").write_text(run_to_json(sample.run()), encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def remedy(*words: str) -> Result:
    return run("remedy", *words, "--run", "run.json")


def test_a_remedy_is_printed_with_where_it_comes_from() -> None:
    result = remedy("V6X002", "--router", "yamaha-rtx")
    assert result.exit_code == 0
    assert "ipv6 lan2 secure filter in 101000" in result.stdout
    assert "Source: Yamaha" in result.stdout
    assert "Look first:" in result.stdout


def test_quiet_leaves_the_text_alone() -> None:
    result = remedy("V6X002", "--router", "ip6tables", "-q")
    assert result.stdout.startswith("ip6tables-restore --noflush")
    assert "Source" not in result.stdout


def test_prose_fits_eighty_columns() -> None:
    lines = remedy("V6X002", "--router", "ntt-hgw").stdout.splitlines()
    assert all(len(line) <= 80 for line in lines if not line.startswith("http"))


def test_options_reach_the_text() -> None:
    text = remedy("V6X002", "--router", "yamaha-rtx", "--wan", "pp1", "--keep", "6000-6010/udp",
                  "--tunnel", "2404:8e00::feed:100", "2001:db8:a:1::4").stdout  # fmt: skip
    assert "pp select 1" in text
    assert "udp * 6000-6010" in text
    assert "pass 2404:8e00::feed:100 2001:db8:a:1::4 4" in text


def test_a_guess_is_explained() -> None:
    base = sample.run()
    router = sample.replace(base.host.default_router, vendor="Ubiquiti Inc")
    Path("run.json").write_text(run_to_json(sample.run(router=router)), encoding="utf-8")
    text = " ".join(remedy("V6X002").stdout.split())
    assert "Router: Ubiquiti EdgeOS (EdgeRouter), because the default router's MAC" in text
    assert "It may also be: UniFi gateway (--router unifi)" in text


def test_a_finding_that_no_router_cures_says_what_it_said() -> None:
    run_with = sample.run(findings=(sample.finding("V6X010", None, None, None),))
    Path("run.json").write_text(run_to_json(run_with), encoding="utf-8")
    assert "Router: look at it." in remedy("V6X010").stdout


def test_json_holds_findings_guesses_and_remedies() -> None:
    told = json.loads(remedy("445/tcp", "--router", "vyos", "--json").stdout)
    assert {one["port"] for one in told["findings"]} == {445}
    assert [one["router"] for one in told["remedies"]] == ["vyos", "host"]
    assert set(told["remedies"][0]) == {"router", "title", "text", "language", "source", "caution"}


def test_the_routers_are_listed() -> None:
    result = run("remedy", "--list")
    assert [line.split()[0] for line in result.stdout.splitlines()] == [one.id for one in load_routers()]
    assert json.loads(run("remedy", "--list", "--json").stdout)[0]["id"] == "yamaha-rtx"


def test_the_configured_router_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V6EXPOSE_ROUTER", "mikrotik")
    assert "/ipv6 firewall filter" in remedy("V6X002").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("remedy",), "no finding is named"),
        (("remedy", "V6X777", "--run", "run.json"), "has no finding 'V6X777'"),
        (("remedy", "V6X002", "--run", "run.json", "--router", "yamaha"), "did you mean yamaha-rtx"),
        (("remedy", "V6X002", "--run", "run.json", "--wan", "a b"), "'a b' is no name of an interface"),
        (("remedy", "V6X002", "--run", "run.json", "--keep", "443"), "write it like 443/tcp"),
        (("remedy", "V6X002", "--run", "run.json", "--tunnel", "::1", "x"), "no end of a tunnel"),
        (("remedy", "V6X002", "--run", "run.json", "--lang", "xx"), "'xx'"),
        (("remedy", "V6X002", "--run", "none.json"), "none.json cannot be read"),
        (("remedy", "V6X002", "--run", "run.json", "--from-run", "1"), "give one of them"),
        (("remedy", "V6X002"), "no stored run of this host"),
        (("recheck", "V6X002", "--from-run", "7"), "no run '7'"),
        (("recheck", "V6X777", "--run", "run.json"), "has no finding 'V6X777'"),
        (("recheck", "V6X002", "--run", "run.json", "--rate", "fast"), "not a whole number"),
        (("recheck", "V6X002", "--run", "run.json", "--vantage", "moon"), "no known form"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(words: tuple[str, ...], told: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_the_stored_run_is_taken() -> None:
    import socket

    from scanner.store import open_store

    stored = sample.run()
    open_store().save(sample.replace(stored, host=sample.replace(stored.host, name=socket.gethostname())))
    assert "/ipv6 firewall filter" in run("remedy", "V6X002", "--router", "mikrotik").stdout


@pytest.mark.parametrize(
    ("judged", "status"),
    [((GONE,), 0), ((GONE, STILL), 1), ((UNKNOWN, STILL), 1), ((GONE, UNKNOWN), 3), ((UNKNOWN,), 3)],
)
def test_the_exit_status_is_the_worst(judged: tuple[Again, ...], status: int) -> None:
    assert exit_status(judged) == status


def test_before_and_after_are_told() -> None:
    gone = sample.replace(GONE, shifts=(Shift(sample.STABLE, "vps", "tcp", "open", "router-dropped", "445"),))
    assert list(page((gone, UNKNOWN), everything=False)) == [
        "GONE: V6X001 V6X001 at 445",
        f"  {sample.STABLE} from vps: tcp/445 open -> router-dropped",
        "NOT MEASURED: V6X001 V6X001 at 445",
        "  the vantage died",
    ]


@pytest.mark.parametrize(
    ("after", "told"),
    [("closed", "the router still lets the port in"), ("open", "your policy"), ("blocked", "blocked")],
)
def test_gone_for_another_reason_is_said(after: str, told: str) -> None:
    gone = sample.replace(GONE, shifts=(Shift(sample.STABLE, "vps", "tcp", "open", after, "445"),))
    assert told in list(page((gone,), everything=False))[-1]


def test_many_ports_are_counted_and_shown_in_full_on_request() -> None:
    shift = Shift(sample.STABLE, "vps", "tcp", "closed", "router-dropped", ",".join(map(str, range(1, 200, 2))))
    assert "and more (100 ports)" in change(shift, everything=False)
    assert ",197,199 " in change(shift, everything=True)


def test_names_from_a_document_reach_no_terminal_raw() -> None:
    nasty = Again(sample.replace(sample.finding(), title="x\x1b[31m\n"), Standing.GONE, why="y\x1b]0;z\x07")
    shift = Shift(sample.STABLE, "v\x1b[2J", "case", "t\x1b", "stopped", "X\x1b1")
    lines = list(page((sample.replace(nasty, shifts=(shift,)),), everything=False))
    assert not any("\x1b" in line or "\n" in line for line in lines)


def test_ctrl_c_is_never_taken_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scanner.recheck.recheck", interrupted)
    result = run("recheck", "V6X002", "--run", "run.json")
    assert result.exit_code == 130
    assert result.stderr == "v6expose: interrupted before anything was measured\n"
