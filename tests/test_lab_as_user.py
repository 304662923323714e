"""An ordinary user runs the lab's tests too: in a user namespace, where he is root over networks of his own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.lab import commands
from scanner.lab.rootless import one_shot_argv, possible

LAB_TESTS = Path(__file__).parent / "lab"


@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() == 0, reason="root runs tests/lab itself")
def test_the_lab_suite_in_a_user_namespace(tmp_path: Path) -> None:
    if not possible():
        pytest.skip("no user namespaces here; tests/lab says whether that is a failure")
    options = ["-n", "3", "-p", "no:cacheprovider", f"--basetemp={tmp_path}/inner"]
    with_loopback = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"]  # by which the processes talk
    argv = [*with_loopback, sys.executable, "-m", "pytest", *options, str(LAB_TESTS)]
    settings = {"env": commands.environment(), "cwd": LAB_TESTS.parent.parent}
    done = subprocess.run(one_shot_argv(argv), capture_output=True, text=True, check=False, **settings)
    assert done.returncode == 0, done.stdout[-4000:]
