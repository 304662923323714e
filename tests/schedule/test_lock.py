"""One at a time, and a lock that dies with its holder."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.model.errors import EnvironmentFault
from scanner.schedule.lock import alone, lock_file

HOLD = "import sys,time; from pathlib import Path; from scanner.schedule.lock import alone\n"
HOLD += "with alone(Path(sys.argv[1])) as free: print(free, flush=True); time.sleep(60)"


def test_the_second_waits_outside(tmp_path: Path) -> None:
    path = tmp_path / "state" / "scan.lock"
    with alone(path) as first, alone(path) as second:
        assert (first, second) == (True, False)
    with alone(path) as again:
        assert again


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "scan.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with alone(path) as free:
            assert not free
        holder.send_signal(signal.SIGKILL)
    with alone(path) as free:
        assert free


def test_an_unusable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match="cannot be locked"), alone(tmp_path / "file" / "scan.lock"):
        pass


def test_it_lies_in_the_state_directory() -> None:
    assert lock_file({"XDG_STATE_HOME": "/var/lib"}) == Path("/var/lib/v6expose/scan.lock")
