"""Are the programs there that v6expose runs? It finds them like everybody does, and in the sbin directories too."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from scanner.discovery.checks.check import Check, Status
from scanner.model.text import say

OLDEST, NEWEST = (3, 11), (3, 13)  # Python that v6expose is tested with
SECONDS = 5.0
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True)
class Program:
    """``version`` is matched in what ``argv`` prints; ``lost`` says what does not work without it."""

    name: str
    argv: tuple[str, ...]
    version: str
    package: str
    lost: str


NMAP = Program(
    "nmap",
    ("nmap", "--version"),
    r"Nmap version (\S+)",
    "nmap",
    say("no second opinion from a vantage on this machine, no demo"),
)
IP = Program("ip", ("ip", "-V"), r"iproute2-([^\s,]+)", "iproute2", say("no netns: vantage, no demo"))
NFT = Program("nft", ("nft", "--version"), r"nftables v(\S+)", "nftables", say("no demo"))


def check_python(version: tuple[int, int, int] = sys.version_info[:3]) -> Check:
    detail = f"{version[0]}.{version[1]}.{version[2]}, {sys.executable}"
    tested = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    if version[:2] < OLDEST:
        return Check("python", Status.FAIL, detail, say("install v6expose with Python {tested}", tested=tested))
    if version[:2] > NEWEST:
        return Check(
            "python", Status.WARN, say("{detail}; v6expose is tested with {tested}", detail=detail, tested=tested)
        )
    return Check("python", Status.OK, detail)


def check_nmap() -> Check:
    return check_program(NMAP)


def check_ip() -> Check:
    return check_program(IP)


def check_nft() -> Check:
    return check_program(NFT)


def check_program(program: Program, find: Callable[[str], str | None] | None = None) -> Check:
    """Missing is a warning: what the program serves is not all of a scan."""
    path = (find or find_program)(program.name)
    if path is None:
        return Check(
            program.name,
            Status.WARN,
            say("not found: {lost}", lost=program.lost),
            say("apt install {package}", package=program.package),
        )
    said = _output((path, *program.argv[1:]))
    version = re.search(program.version, said)
    if version is None:
        first = said.strip().partition("\n")[0]
        return Check(
            program.name,
            Status.WARN,
            say("{path} tells no version ({first})", path=path, first=first or "no output"),
            say("apt install --reinstall {package}", package=program.package),
        )
    return Check(program.name, Status.OK, f"{version[1]}, {path}")


def find_program(name: str) -> str | None:
    """Most users' PATH lacks sbin."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    return shutil.which(name, path=path)


def _output(argv: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (done.stdout + done.stderr).decode(errors="replace")
