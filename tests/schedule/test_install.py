"""Files onto disk and away again; systemd is told what it has to know, and nothing foreign is touched."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from scanner.model.errors import EnvironmentFault, InputError
from scanner.schedule.every import parse_every
from scanner.schedule.install import Place, install, installed, place_for, remove, run_program, state_of
from scanner.schedule.job import Job, Scope

JOB = Job(Path("/usr/bin/true"), parse_every("daily"), ("--vantage", "exec:out"))
WATCHING = replace(JOB, watch=True)


@dataclass
class Systemd:
    """Notes what it is told."""

    said: list[str] = field(default_factory=list)
    answer: str = ""

    def __call__(self, argv: Sequence[str]) -> str:
        self.said.append(" ".join(word for word in argv if word not in ("systemctl", "--no-pager")))
        return self.answer


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(Scope.SYSTEM, tmp_path / "units", tmp_path / "cron.d" / "v6expose", systemd=True)


def test_units_come_and_go(place: Place) -> None:
    systemd = Systemd()
    written = install(WATCHING, place, "tanuki", systemd)
    assert {path.name for path in written} == {"v6expose.service", "v6expose.timer", "v6expose-watch.service"}
    assert {path.stat().st_mode & 0o777 for path in written} == {0o644}
    assert systemd.said == ["daemon-reload", "enable --now v6expose.timer", "enable --now v6expose-watch.service"]
    assert set(installed(place)) == set(written)
    systemd.said.clear()
    assert set(remove(place, systemd)) == set(written)
    assert systemd.said == ["disable --now v6expose.timer", "disable --now v6expose-watch.service", "daemon-reload"]
    assert installed(place) == ()
    assert list(place.units.iterdir()) == []


def test_installing_again_replaces_and_drops_what_is_not_wanted_any_more(place: Place) -> None:
    install(WATCHING, place, "tanuki", Systemd())
    systemd = Systemd()
    install(replace(JOB, every=parse_every("6h")), place, "tanuki", systemd)
    assert {path.name for path in installed(place)} == {"v6expose.service", "v6expose.timer"}
    assert "00/6:00:00" in (place.units / "v6expose.timer").read_text()
    assert systemd.said[0] == "disable --now v6expose-watch.service"


def test_a_foreign_file_is_neither_replaced_nor_removed(place: Place) -> None:
    place.units.mkdir()
    foreign = place.units / "v6expose.timer"
    foreign.write_text("[Timer]\nOnCalendar=daily\n")
    with pytest.raises(InputError, match="not written by v6expose"):
        install(JOB, place, "tanuki", Systemd())
    assert [path.name for path in place.units.iterdir()] == ["v6expose.timer"]
    assert remove(place, Systemd()) == ()
    assert foreign.read_text().startswith("[Timer]")


def test_without_systemd_cron_has_to_do(place: Place) -> None:
    cron = replace(place, systemd=False)
    systemd = Systemd()
    assert install(JOB, cron, "tanuki", systemd) == (cron.cron,)
    assert systemd.said == []
    assert state_of(cron, systemd) == {}
    assert remove(cron, systemd) == (cron.cron,)


def test_nothing_is_left_of_what_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        install(JOB, Place(Scope.SYSTEM, blocked / "units", blocked / "cron", systemd=True), "tanuki", Systemd())


def test_what_systemd_says_of_the_timer(place: Place) -> None:
    systemd = Systemd(
        answer="NextElapseUSecRealtime=Tue 2026-11-24 00:07:11 UTC\nActiveState=active\nLastTriggerUSec=\n"
    )
    assert state_of(place, systemd) == {"next": "Tue 2026-11-24 00:07:11 UTC", "active": "active"}


def test_a_users_units_lie_in_their_configuration() -> None:
    place = place_for(Scope.USER, {"XDG_CONFIG_HOME": "/home/alice/.config"})
    assert place.units == Path("/home/alice/.config/systemd/user")
    assert place.systemctl("start") == ["systemctl", "--user", "--no-pager", "start"]


def test_a_program_that_fails_is_one_line() -> None:
    with pytest.raises(EnvironmentFault, match=r"`sh -c .*` fails \(no such unit\)"):
        run_program(["sh", "-c", "echo no such unit >&2; exit 5"])
    with pytest.raises(EnvironmentFault, match="cannot be run"):
        run_program(["/nowhere/systemctl"])
    assert run_program(["printf", "ActiveState=active"]) == "ActiveState=active"
