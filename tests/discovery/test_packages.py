"""Which package a program came with, from what dpkg says."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.packages import owners_of, packages_of, read_dpkg, with_packages
from scanner.model.address import Listener


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("openssh-server: /usr/sbin/sshd", "openssh-server"),
        ("libc6:amd64: /usr/sbin/sshd", "libc6"),
        ("one, two: /usr/sbin/sshd", "one"),
        ("diversion by dash from: /usr/sbin/sshd", None),
        ("dpkg-query: no path found matching pattern /usr/sbin/sshd", None),
        ("local diversion to: /usr/sbin/sshd.distrib", None),
    ],
)
def test_a_line_of_dpkg(line: str, package: str | None) -> None:
    assert read_dpkg(line).get("/usr/sbin/sshd") == package


@given(st.text())
def test_any_output_is_read(output: str) -> None:
    assert all(path.startswith("/") for path in read_dpkg(output))


@pytest.mark.skipif(not Path("/var/lib/dpkg/status").exists(), reason="no dpkg here")
def test_a_real_program_under_both_of_its_names() -> None:
    assert owners_of(["/usr/bin/ls", "/nonexistent/program"]) == {"/usr/bin/ls": "coreutils"}
    running = Path(sys.executable).resolve()
    if owners_of([str(running)]):
        import psutil

        name = psutil.Process().name()
        assert packages_of([name]).get(name, "").startswith("python")


def test_a_program_that_does_not_run_has_no_package() -> None:
    given_listener = Listener("tcp", "::", 22, "no-such-program", v6only=False)
    assert with_packages([given_listener]) == (given_listener,)
    assert with_packages([]) == ()
