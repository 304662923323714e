"""The documented CI example, run in the lab as it stands in docs/ci: before a server goes live."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml

from scanner.codec import run_from_json
from scanner.lab.lab import Lab
from scanner.lab.personalities import personality

EXAMPLE = Path(__file__).parents[2] / "docs/ci"
PREFERENCE = "/proc/sys/net/ipv6/conf/lan0/use_tempaddr"  # 1: the stable address is preferred


@pytest.fixture(scope="module")
def server(lab: Lab) -> Lab:
    """A server that prefers its stable address and serves what the policy wants, and file sharing too."""
    lab.listen(tcp="22,80,443,445")
    lab.exec("host", ["sh", "-c", f"echo 1 > {PREFERENCE}"])
    return lab


def before_live(server: Lab, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("V6EXPOSE_", "GITHUB_"))}
    environment = clean | {
        "PATH": f"{Path(sys.executable).parent}:{clean['PATH']}",
        "XDG_STATE_HOME": str(folder / "state"),
        "VANTAGE": f"netns:{server.node('inet')}",
        **more,
    }
    return subprocess.run(
        server.argv("host", ["sh", "before-live.sh"]),
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def test_a_server_behind_a_filter_may_go_live_and_one_without_may_not(server: Lab, tmp_path: Path) -> None:
    server.apply(personality("stateful"))
    done = before_live(server, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything is as the policy wants it." in done.stdout
    assert "0 fail, 0 not measured" in done.stdout
    assert run_from_json((tmp_path / "v6expose-results/run.json").read_text()).run.title == "before going live"

    server.apply(personality("pass-all"))
    done = before_live(server, tmp_path, GITHUB_ACTIONS="true")
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(
        r"^::error file=policy\.toml,line=15,title=router_drops_unlisted::fail: ", done.stdout, re.MULTILINE
    )
    assert re.search(r"^::error file=policy\.toml,line=6,title=tcp/445::fail: ", done.stdout, re.MULTILINE)
    results = tmp_path / "v6expose-results"
    cases = [case for suite in JUnitXml.fromfile(str(results / "checklist.xml")) for case in suite]
    assert {case.name for case in cases if case.result} >= {"router_drops_unlisted", "tcp/445"}
    assert {one.name for one in results.iterdir()} == {
        "checklist.xml", "checklist.sarif", "checklist.tap", "report.html", "run.json",
    }  # fmt: skip


def test_a_vantage_inside_is_never_a_pass(server: Lab, tmp_path: Path) -> None:
    server.apply(personality("stateful"))
    done = before_live(server, tmp_path, VANTAGE=f"netns:{server.node('printer')}")
    assert done.returncode in (1, 3), done.stdout + done.stderr
    assert not re.search(r"^PASS +The router drops the unlisted", done.stdout, re.MULTILINE)


def test_a_bad_policy_stops_it_before_a_packet_leaves(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    shutil.copytree(EXAMPLE, tmp_path / "bad", dirs_exist_ok=True)
    script = tmp_path / "bad" / "before-live.sh"
    script.write_text(script.read_text().replace("${1:-policy.toml}", "${1:-wrong.toml}"))
    (tmp_path / "bad" / "wrong.toml").write_text("[require]\nno_way_thru = true\n")
    done = subprocess.run(
        ["sh", "before-live.sh"],
        cwd=tmp_path / "bad",
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "VANTAGE": "netns:nowhere"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (
        2,
        "v6expose: wrong.toml:2: unknown key 'no_way_thru' in [require]: did you mean no_way_through?\n",
    )
