"""Unit files as systemd itself reads them: verified, scored, enabled; and the cron line."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.model.notices import Source
from scanner.schedule.every import parse_every
from scanner.schedule.job import Job, Scope, check_job, check_notices
from scanner.schedule.units import MARK, cron_line, quoted, systemd_units

PROGRAM = Path("/usr/bin/true")
JOB = Job(PROGRAM, parse_every("6h"), ("--vantage", "exec:ssh vps ip netns exec x"), watch=True)
JOBS = {
    "dynamic": JOB,
    "named": replace(JOB, user="daemon"),
    "notices": replace(JOB, notices=(("notify", Path("/etc/hostname")),)),
    "user": replace(JOB, scope=Scope.USER),
}
WORST = 2.5  # the limit for `systemd-analyze security`


def written(job: Job, into: Path) -> dict[str, Path]:
    files = {}
    for name, text in systemd_units(job).items():
        files[name] = into / name
        files[name].write_text(text)
    return files


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_systemd_finds_nothing_to_say(job: Job, tmp_path: Path) -> None:
    files = written(job, tmp_path)
    argv = ["systemd-analyze", "verify", "--man=no", *(["--user"] if job.scope is Scope.USER else []), *files.values()]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False, env=environment)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "v6expose" in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("name", ["dynamic", "named", "notices"])
def test_it_may_do_little_else(name: str, tmp_path: Path) -> None:
    files = written(JOBS[name], tmp_path)
    for unit in ("v6expose.service", "v6expose-watch.service"):
        argv = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(files[unit])]
        text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        found = re.search(r"exposure level for .*: ([\d.]+)", text)
        assert found is not None
        assert float(found[1]) <= WORST
    text = files["v6expose.service"].read_text()
    assert "CapabilityBoundingSet=CAP_NET_RAW\n" in text
    assert ("DynamicUser=yes" in text) == (name != "named")


def test_the_timer_catches_up_and_spreads() -> None:
    text = systemd_units(JOB)["v6expose.timer"]
    assert {"OnCalendar=*-*-* 00/6:00:00", "RandomizedDelaySec=30min", "Persistent=true"} <= set(text.splitlines())


def test_systemctl_enables_it(tmp_path: Path) -> None:
    """Offline, in a root of its own."""
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    written(JOB, units)
    subprocess.run(
        ["systemctl", f"--root={tmp_path}", "enable", "v6expose.timer", "v6expose-watch.service"],
        capture_output=True,
        check=True,
    )
    assert (units / "timers.target.wants/v6expose.timer").is_symlink()
    assert (units / "multi-user.target.wants/v6expose-watch.service").is_symlink()


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("plain/path-1.toml", "plain/path-1.toml"),
        ("two words", '"two words"'),
        ("50%", "50%%"),
        ("$HOME", '"$$HOME"'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("a\nExecStart=/bin/sh", '"a\\nExecStart=/bin/sh"'),
    ],
)
def test_no_word_is_systemds_to_expand(word: str, text: str) -> None:
    assert quoted(word) == (text if word != "50%" else '"50%%"')


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40))
def test_a_word_stays_on_its_line(word: str) -> None:
    assert "\n" not in quoted(word)


@given(st.text("abc %$\"'\\;", min_size=1, max_size=12))
def test_systemd_passes_the_very_words_on(tmp_path_factory: pytest.TempPathFactory, word: str) -> None:
    """Read back by systemd's rules: quotes away, escapes and doubled signs undone."""
    text = quoted(word)
    if text.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    assert text.replace("%%", "%").replace("$$", "$") == word


def test_a_cron_line_is_one_line_of_seven_words() -> None:
    line = cron_line(JOB, "tanuki").splitlines()
    assert line[0] == MARK
    assert re.fullmatch(r"\d+ \d+-23/6 \* \* \* root /usr/bin/true scan --scheduled -q .*", line[1])
    assert cron_line(JOB, "tanuki") == cron_line(JOB, "tanuki") != cron_line(JOB, "kitsune")
    assert "100\\%" in cron_line(replace(JOB, arguments=("--title", "100%")), "tanuki")


# ---- what cannot work unattended


def mode(path: Path) -> int:
    return 0o40700 if path in (Path("/root"), Path("/home/alice")) else 0o40755


@pytest.mark.parametrize(
    ("job", "vantages", "words"),
    [
        (JOB, (), "no vantage is configured"),
        (JOB, ("netns:inet",), "cannot be scheduled"),
        (JOB, ("ssh:me@vps",), "needs somebody's ssh keys"),
        (replace(JOB, program=Path("/root/.local/bin/v6expose")), ("exec:out",), "lies in /root"),
    ],
)
def test_what_would_fail_at_night_is_refused_now(job: Job, vantages: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_job(job, vantages, mode)


@pytest.mark.parametrize(
    "job", [JOB, replace(JOB, user="alice", program=Path("/home/alice/.local/bin/v6expose")), JOBS["user"]]
)
def test_what_can_work_passes(job: Job) -> None:
    check_job(job, ("ssh:me@vps",) if job.user else ("exec:out",), mode)
    check_job(replace(JOB, program=Path("/root/v6expose")), ("ssh:me@vps",), mode, systemd=False)


def test_a_credential_that_nobody_gives_is_refused() -> None:
    wanted = (Source.parse("credential:notify"), Source.parse("file:/etc/v6expose/notify"))
    with pytest.raises(InputError, match="--credential notify=FILE"):
        check_notices(JOB, wanted)
    check_notices(JOBS["notices"], wanted)


def test_homes_are_seen_only_where_something_lies_there() -> None:
    assert not JOB.reads_homes
    assert replace(JOB, arguments=("--config", "/home/alice/v6expose.toml")).reads_homes
    assert shutil.which("systemd-analyze")
