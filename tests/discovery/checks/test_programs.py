"""Programs on a PATH that the test makes."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.discovery.checks.check import Status
from scanner.discovery.checks.programs import IP, NFT, NMAP, Program, check_program, check_python, find_program


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 10, 14), Status.FAIL), ((3, 11, 0), Status.OK), ((3, 13, 9), Status.OK), ((3, 14, 0), Status.WARN)],
)
def test_python(version: tuple[int, int, int], status: Status) -> None:
    found = check_python(version)
    assert found.status is status
    assert found.detail.startswith(".".join(map(str, version)) + f", {sys.executable}")
    assert bool(found.remedy) == (status is Status.FAIL)


def program_that(tmp_path: Path, script: str) -> Callable[[str], str]:
    def find(name: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return find


@pytest.mark.parametrize(
    ("program", "said", "version"),
    [
        (NMAP, "\nNmap version 7.93 ( https://nmap.org )\nPlatform: x86_64-pc-linux-gnu", "7.93"),
        (NMAP, "Nmap version 7.94SVN ( https://nmap.org )", "7.94SVN"),
        (IP, "ip utility, iproute2-6.1.0, libbpf 1.1.2", "6.1.0"),
        (IP, "ip utility, iproute2-ss200127", "ss200127"),
        (NFT, "nftables v1.0.6 (Lester Gooch #5)", "1.0.6"),
    ],
)
def test_a_version_is_read(tmp_path: Path, program: Program, said: str, version: str) -> None:
    found = check_program(program, program_that(tmp_path, f"cat <<'END'\n{said}\nEND"))
    assert (found.status, found.detail, found.remedy) == (Status.OK, f"{version}, {tmp_path / program.name}", "")


def test_what_is_missing_says_what_is_lost_and_what_to_install() -> None:
    found = check_program(NMAP, lambda _: None)
    assert (found.status, found.remedy) == (Status.WARN, "apt install nmap")
    assert "no second opinion" in found.detail


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo broken library >&2; exit 127", "broken library"),
        ("exit 0", "no output"),
        ("printf '\\377\\376'", "tells no version"),
    ],
)
def test_a_broken_program_is_a_warning_with_its_words(tmp_path: Path, script: str, why: str) -> None:
    found = check_program(NFT, program_that(tmp_path, script))
    assert found.status is Status.WARN
    assert why in found.detail


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    found = check_program(NFT, lambda _: str(tmp_path))
    assert found.status is Status.WARN
    assert "Permission denied" in found.detail


def test_sbin_is_searched_for_users_whose_path_lacks_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "nft"
    own.write_text("")
    own.chmod(0o755)
    monkeypatch.setattr("scanner.discovery.checks.programs.SBIN", (str(tmp_path),))
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_program("nft") == str(own)
    assert find_program("nothing-of-that-name") is None
