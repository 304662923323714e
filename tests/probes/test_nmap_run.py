"""Runs of nmap through shims: small scripts that keep, or break, what a shim must do."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.model.ports import PortSet
from scanner.probes.nmap_run import NmapRequest, NmapRun
from scanner.probes.nmap_scan import Source, detect_services, service_requests, sweep_request, sweep_top_ports
from scanner.probes.nmap_services import MOST_PORTS, ServiceRuns

SAMPLES = Path(__file__).parent / "nmap_xml"
TARGET = IPv6Address("2001:db8:a::10")
CHILD = [sys.executable, "-P", "-m", "scanner.probes.nmap_child"]
MakeShim = Callable[[str], Path]


@pytest.fixture
def shim(tmp_path: Path) -> MakeShim:
    """A shim that answers -V like nmap and else runs the given shell lines, with ``$here`` the test's directory."""

    def make(lines: str) -> Path:
        path = tmp_path / "nmap"
        version = '[ "$1" = -V ] && { echo "Nmap version 7.93 ( https://nmap.org )"; exit 0; }\n'
        path.write_text(f"#!/bin/sh\nhere='{tmp_path}'\nsamples='{SAMPLES}'\n{version}{lines}\n")
        path.chmod(0o700)
        return path

    return make


def request(shim: Path, **more: object) -> NmapRequest:
    return NmapRequest(shim, (TARGET,), ("-n", "-Pn", "-sS"), **more)  # type: ignore[arg-type]


def finished(run: NmapRun, seconds: float = 10) -> bool:
    return until(run.poll, seconds)


def until(condition: Callable[[], object], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def noted(path: Path) -> int:
    """The process id that a shim wrote to ``path``, as soon as it is there."""
    assert until(lambda: path.exists() and path.read_text().strip())
    return int(path.read_text())


BUSY = 'head -c 1500 "$samples/two_hosts.xml" >> "$V6EXPOSE_NMAP_TEE"; echo $$ > "$here/pid"; exec sleep 300'


# ---- what goes in, what comes out


def test_a_whole_run(shim: MakeShim) -> None:
    with NmapRun(request(shim('cat "$samples/each_port.xml"'))) as run:
        assert finished(run)
        report = run.result()
    assert (len(report.hosts[0].ports), report.truncated, report.problems) == (7, False, ())


def test_nmap_always_gets_minus_6_and_its_words_unbroken(shim: MakeShim, tmp_path: Path) -> None:
    echo = shim('printf "%s\\n" "$@" > "$here/words"; cat "$samples/each_port.xml"')
    source = Source(IPv6Address("2001:db8:f::2"), "my card")
    wanted = sweep_request(echo, [TARGET, IPv6Address("fe80::1%a -iR 9")], source, ports=PortSet.parse("22,80-90"))
    with NmapRun(wanted) as run:
        assert finished(run)
    assert (tmp_path / "words").read_text().splitlines() == [
        *("-oX", "-", "2001:db8:a::10", "fe80::1%a -iR 9", "-p", "22,80-90"),
        *("-6", "--stats-every", "1s", "-sS", "-n", "-Pn", "-d3", "--reason", "-T4", "--max-retries", "2"),
        *(
            "--initial-rtt-timeout",
            "500ms",
            "--max-rtt-timeout",
            "2s",
            "--min-rate",
            "500",
            "--max-rate",
            "1000",
            "-S",
            "2001:db8:f::2",
            "-e",
            "my card",
        ),
    ]


def test_sweep_arguments_without_privilege_or_source() -> None:
    wanted = sweep_request(Path("nmap"), [TARGET], privileged=False)
    assert (wanted.arguments[0], wanted.arguments[-2:], wanted.ports) == ("-sT", ("--top-ports", "1000"), None)


@pytest.mark.parametrize(("rate", "wanted"), [(1, ("1", "1")), (90, ("45", "90")), (200_000, ("100000", "200000"))])
def test_the_rate_is_a_ceiling(rate: int, wanted: tuple[str, str]) -> None:
    words = sweep_request(Path("nmap"), [TARGET], rate=rate).arguments
    assert (words[words.index("--min-rate") + 1], words[words.index("--max-rate") + 1]) == wanted


def test_service_requests_are_one_a_port_and_bounded() -> None:
    wanted = service_requests(Path("nmap"), TARGET, PortSet.parse("22,80"), PortSet.parse("53"), ("-e", "x"))
    assert [(one.arguments[0], one.ports) for one in wanted] == [("-sS", "22"), ("-sS", "80"), ("-sU", "53")]
    assert all(one.arguments[-2:] == ("-e", "x") for one in wanted)
    assert len(service_requests(Path("nmap"), TARGET, PortSet.every(), PortSet())) == MOST_PORTS
    unprivileged = service_requests(Path("nmap"), TARGET, PortSet.parse("22"), PortSet.parse("53"), privileged=False)
    assert [(one.arguments[0], one.ports) for one in unprivileged] == [("-sT", "22")]


def test_standard_error_becomes_problems_and_may_be_any_bytes(shim: MakeShim) -> None:
    lines = 'cat "$samples/each_port.xml"; printf "Warning: \\033[31mred\\nsecond\\nsecond\\n" >&2'
    with NmapRun(request(shim(lines))) as run:
        assert finished(run)
        assert run.result().problems == ("Warning: \\x1b[31mred", "second")
    with NmapRun(request(shim('cat "$samples/each_port.xml"; printf "\\377\\n" >&2'))) as run:
        assert finished(run)
        report = run.result()
    assert (len(report.hosts[0].ports), len(report.problems)) == (7, 1)


def test_bytes_that_are_no_utf_8_come_back_and_cut_the_document_there(shim: MakeShim) -> None:
    damaged = 'cat "$samples/two_hosts.xml" | sed "s/addr=.2001:db8:a::11/addr=\\"\\xff\\xfe/"'
    with NmapRun(request(shim(damaged))) as run:
        assert finished(run)
        report = run.result()
    assert (len(report.hosts), report.truncated) == (1, True)


def test_a_reply_longer_than_any_pipe(shim: MakeShim) -> None:
    long = 'echo "<nmaprun version=\\"7\\">"; i=0; while [ $i -lt 40000 ]; do echo "<!-- -->"; i=$((i+1)); done; '
    long += 'cat "$samples/each_port.xml" | sed -n "/<host /,/<.host>/p"; echo "</nmaprun>"'
    with NmapRun(request(shim(long))) as run:
        assert finished(run)
        assert len(run.result().hosts[0].ports) == 7


def test_python_nmap_never_parses_what_came_back(shim: MakeShim) -> None:
    """Its parser would expand these entities to two gigabytes; ours refuses to declare them."""
    lines = ["<!DOCTYPE nmaprun [<!ENTITY e0 'ha'>"]
    lines += [f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 10)]
    bomb = "\n".join((*lines, "]><nmaprun>&e9;</nmaprun>"))
    with NmapRun(request(shim(f"cat <<'EOF'\n{bomb}\nEOF"))) as run:
        assert finished(run)
        with pytest.raises(IncompleteError, match="entities"):
            run.result()


# ---- what goes wrong


def test_no_shim_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    with NmapRun(request(tmp_path / "nothing")) as run:
        assert finished(run)
        with pytest.raises(EnvironmentFault, match="cannot be run") as caught:
            run.result()
    assert "apt install nmap" in caught.value.remedy


def test_no_nmap_behind_the_shim_is_one_too_and_says_what_the_shim_said(tmp_path: Path) -> None:
    shim = tmp_path / "nmap"
    shim.write_text('#!/bin/sh\necho "nmap is not \033installed here" >&2\nexit 127\n')
    shim.chmod(0o700)
    with pytest.raises(EnvironmentFault, match=r"nmap is not \\x1binstalled here"):
        sweep_top_ports(shim, [TARGET])


def test_targets_that_nmap_skipped_are_an_error_though_it_says_success(shim: MakeShim) -> None:
    with NmapRun(request(shim('cat "$samples/without_6.xml"'))) as run:
        assert finished(run)
        with pytest.raises(IncompleteError, match=r"2001:db8:a::10 \(invalid\)"):
            run.result()


def test_nmap_that_refuses_says_why(shim: MakeShim) -> None:
    lines = 'echo "You requested a scan type which requires root privileges." >&2; echo QUITTING >&2; exit 1'
    with NmapRun(request(shim(lines))) as run:
        assert finished(run)
        with pytest.raises(IncompleteError, match="root privileges"):
            run.result()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        "nonsense",
        '{"hosts": [], "ports": null, "arguments": "", "search_path": "x", "timeout": 1}',
        '{"hosts": ["-iR"], "ports": null, "arguments": "", "search_path": "x", "timeout": 1}',
        '{"hosts": ["192.0.2.1"], "ports": null, "arguments": "", "search_path": "x", "timeout": 1}',
    ],
)
def test_the_child_refuses_what_is_no_request(line: str) -> None:
    done = subprocess.run(CHILD, input=line.encode() + b"\n", capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"no request on standard input")


# ---- endings


def test_stop_ends_nmap_and_keeps_what_it_had_said(shim: MakeShim, tmp_path: Path) -> None:
    with NmapRun(request(shim(BUSY))) as run:
        pid = noted(tmp_path / "pid")
        assert not run.poll()
        run.stop()
        assert not alive(pid)
        assert run.poll()
        report = run.result()
    assert (report.truncated, [str(one.address) for one in report.hosts]) == (True, ["2001:db8:a::10"])


def test_a_shim_that_will_not_stop_is_killed_and_its_copy_is_read(shim: MakeShim, tmp_path: Path) -> None:
    stubborn = "trap '' TERM; " + BUSY.replace("exec sleep 300", "while :; do sleep 1; done")
    with NmapRun(request(shim(stubborn))) as run:
        pid = noted(tmp_path / "pid")
        started = time.monotonic()
        run.stop()
        assert 1.5 < time.monotonic() - started < 3.9  # by the child, not by the caller after 4 s
        assert until(lambda: not alive(pid))
        assert len(run.result().hosts) == 1


def test_the_timeout_ends_nmap(shim: MakeShim, tmp_path: Path) -> None:
    with NmapRun(request(shim(BUSY), timeout=1.0)) as run:
        assert finished(run)
        report = run.result()
    assert not alive(noted(tmp_path / "pid"))
    assert (report.truncated, len(report.hosts)) == (True, 1)


def test_leaving_ends_nmap_and_removes_the_files(shim: MakeShim, tmp_path: Path) -> None:
    with NmapRun(request(shim(BUSY))) as run:
        pid, directory = noted(tmp_path / "pid"), Path(run._directory.name)
        assert directory.exists()
    assert not alive(pid)
    assert not directory.exists()


def test_nothing_outlives_a_child_that_was_killed(shim: MakeShim, tmp_path: Path) -> None:
    with NmapRun(request(shim(BUSY))) as run:
        pid = noted(tmp_path / "pid")
        assert run._process is not None
        run._process.kill()
        assert finished(run)
        assert until(lambda: not alive(pid))
        with_what_there_was = run._reply()
    assert with_what_there_was == {}


@pytest.mark.parametrize("end", ["close", "term"])
def test_nothing_outlives_the_caller(shim: MakeShim, tmp_path: Path, end: str) -> None:
    """The child sees the end of its standard input, or a SIGTERM, and still hands back what there was."""
    line = {"hosts": [str(TARGET)], "ports": None, "arguments": "", "timeout": 60}
    line["search_path"] = str(shim('echo "<nmaprun version=\\"7\\">"; echo $$ > "$here/pid"; exec sleep 300'))
    child = subprocess.Popen(
        CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert child.stdin is not None
    child.stdin.write(json.dumps(line).encode() + b"\n")
    child.stdin.flush()
    pid = noted(tmp_path / "pid")
    if end == "close":
        child.stdin.close()
    else:
        child.send_signal(signal.SIGTERM)
    assert child.stdout is not None
    reply = json.loads(child.stdout.read())
    assert child.wait(10) == 0
    assert not alive(pid)
    assert (reply["ended"], reply["error"], reply["xml"]) == ("stopped", "", '<nmaprun version="7">\n')
    child.stdout.close()
    child.stdin.close()


def test_a_run_stopped_while_the_version_is_asked_is_not_a_missing_nmap(tmp_path: Path) -> None:
    shim = tmp_path / "nmap"
    shim.write_text(f"#!/bin/sh\necho $$ > '{tmp_path}/pid'\nexec sleep 300\n")
    shim.chmod(0o700)
    with NmapRun(request(shim)) as run:
        noted(tmp_path / "pid")
        run.stop()
        report = run.result()
    assert (report.hosts, report.truncated) == ((), True)


def test_verbs_before_start_are_a_mistake(tmp_path: Path) -> None:
    run = NmapRun(request(tmp_path / "nmap"))
    with pytest.raises(RuntimeError, match="start"):
        run.poll()
    run.close()


# ---- progress


def test_progress_is_what_nmap_last_said(shim: MakeShim, tmp_path: Path) -> None:
    line = '<taskprogress task=\\"SYN Stealth Scan\\" time=\\"1\\" percent=\\"%s\\" remaining=\\"4\\" etc=\\"9\\"/>\\n'
    lines = f"""
        printf "{line}" 12.50 >> "$V6EXPOSE_NMAP_TEE"
        while [ ! -e "$here/go" ]; do sleep 0.05; done
        printf "{line}" 46.15 >> "$V6EXPOSE_NMAP_TEE"; head -c 9000 /dev/zero >> "$V6EXPOSE_NMAP_TEE"
        while [ ! -e "$here/end" ]; do sleep 0.05; done
    """
    with NmapRun(request(shim(lines))) as run:
        assert run.progress() is None
        assert until(lambda: run.progress() == 0.125)
        (tmp_path / "go").touch()
        time.sleep(0.3)
        assert run.progress() == 0.125  # the later line has left the tail: what was seen stands
        (tmp_path / "end").touch()
        assert finished(run)
        assert run.progress() == 1.0


# ---- services


def test_services_of_all_ports_are_one_report_and_a_failed_port_is_a_problem(shim: MakeShim) -> None:
    answer = (
        '<nmaprun version=\\"7.93\\" args=\\"nmap\\"><host>'
        '<address addr=\\"2001:db8:a::10\\" addrtype=\\"ipv6\\"/><ports>'
        '<port protocol=\\"tcp\\" portid=\\"$5\\"><state state=\\"open\\" reason=\\"syn-ack\\"/>'
        '<service name=\\"s$5\\" method=\\"probed\\" conf=\\"10\\"/></port></ports></host>'
        '<runstats><finished exit=\\"success\\"/></runstats></nmaprun>'
    )
    lines = f'[ "$5" = 80 ] && {{ echo "no port for me" >&2; exit 1; }}; echo "{answer}"'
    report = detect_services(shim(lines), TARGET, PortSet.parse("22,80,443"))
    (one,) = report.hosts
    assert [(port.port, port.service.name if port.service else "") for port in one.ports] == [
        (22, "s22"),
        (443, "s443"),
    ]
    assert report.problems == ("nmap scanned nothing: no port for me",)
    assert (report.version, report.truncated) == ("7.93", False)


def test_no_more_runs_at_once_than_said_and_stopping_ends_them_all(shim: MakeShim, tmp_path: Path) -> None:
    busy = shim('echo $$ > "$here/pid-$5"; exec sleep 300')
    with ServiceRuns(service_requests(busy, TARGET, PortSet.parse("1-9"), PortSet()), at_once=2) as runs:
        assert until(lambda: not runs.poll() and len(list(tmp_path.glob("pid-*"))) == 2)
        assert runs.progress() == 0
        pids = [noted(path) for path in tmp_path.glob("pid-*")]
        runs.stop()
        assert runs.poll()
        assert runs.result().truncated
    assert not any(alive(pid) for pid in pids)
    assert len(list(tmp_path.glob("pid-*"))) == 2


def test_services_when_every_port_fails_or_there_is_no_nmap(shim: MakeShim, tmp_path: Path) -> None:
    with pytest.raises(IncompleteError, match="broken"):
        detect_services(shim("echo broken >&2; exit 1"), TARGET, PortSet.parse("22,80"))
    with pytest.raises(EnvironmentFault):
        detect_services(tmp_path / "nothing", TARGET, PortSet.parse("22,80"))


def test_no_open_port_needs_no_run(tmp_path: Path) -> None:
    report = detect_services(tmp_path / "nothing", TARGET, PortSet())
    assert (report.hosts, report.truncated) == ((), False)


# ---- licences and imports


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [("nmap_child", "scapy"), ("nmap_scan", "scapy"), ("nmap_scan", "nmap"), ("payloads", "nmap")],
)
def test_scapy_and_python_nmap_never_meet(module: str, forbidden: str) -> None:
    code = f"import sys, scanner.probes.{module}; sys.exit({forbidden!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_current_directory_cannot_slip_in_a_module(
    shim: MakeShim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nmap.py").write_text(f"open({str(tmp_path / 'slipped')!r}, 'w')")
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'slipped')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    with NmapRun(request(shim('cat "$samples/each_port.xml"'))) as run:
        assert finished(run)
        assert len(run.result().hosts) == 1
    assert not (tmp_path / "slipped").exists()
    assert os.getcwd() == str(tmp_path)  # noqa: PTH109
