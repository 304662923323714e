"""May this process watch packets? Root or CAP_NET_RAW, a packet socket, and how much a socket may hold."""

import os
import re
import shlex
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from scanner.discovery.checks.check import Check, Status
from scanner.model.text import say

CAP_NET_RAW = 13  # linux/capability.h
OWN_STATUS = Path("/proc/self/status")
LARGEST_BUFFER = Path("/proc/sys/net/core/rmem_max")
SO_RCVBUFFORCE = 33  # asm-generic/socket.h; needs CAP_NET_ADMIN
WANTED = 64 << 20  # bytes, what a vantage asks for
ENOUGH = 4 << 20  # bytes: half a second of small packets at 10,000 a second
KIB = 1024


def check_privilege(status: Path = OWN_STATUS) -> Check:
    """Effective CAP_NET_RAW: without it nobody watches inside, and the stub sends no raw packets on this machine."""
    try:
        effective = effective_capabilities(status.read_text())
    except OSError as error:
        return Check(
            "privilege",
            Status.WARN,
            say("{status} cannot be read ({why})", status=status, why=error.strerror),
            "mount /proc",
        )
    if effective is None:
        return Check(
            "privilege",
            Status.WARN,
            say("{status} names no capabilities", status=status),
            say("mount the kernel's /proc"),
        )
    if effective >> CAP_NET_RAW & 1:
        return Check("privilege", Status.OK, "root" if os.geteuid() == 0 else "CAP_NET_RAW")
    return Check(
        "privilege", Status.FAIL, say("neither root nor CAP_NET_RAW: nobody could watch inside"), privilege_remedy()
    )


def effective_capabilities(status: str) -> int | None:
    """The CapEff line of /proc/PID/status (proc(5)), or None without one."""
    found = re.search(r"^CapEff:\s*([0-9a-fA-F]{1,16})$", status, re.MULTILINE)
    return int(found[1], 16) if found else None


def privilege_remedy(executable: str = sys.executable, called: Path | None = None) -> str:
    """The exact commands. A virtual environment's python is a link, and capabilities belong to files, not to links: the
    interpreter behind it is named.
    """
    called = called or Path(sys.argv[0])
    ours = [str(called.absolute())] if called.name == "v6expose" else [executable, "-m", "scanner.cli.main"]
    real = shlex.quote(os.path.realpath(executable))
    return say(
        "run `sudo {ours} scan ...`, or once `sudo setcap cap_net_raw+eip {real}` (the "
        "interpreter itself, not the link in the virtual environment; every Python program here "
        "may then use raw sockets)",
        ours=shlex.join(ours),
        real=real,
    )


def check_packet_socket(open_socket: Callable[[], socket.socket] | None = None) -> Check:
    """Opens one that receives nothing (protocol 0, packet(7)) and closes it."""
    try:
        (open_socket or _packet_socket)().close()
    except PermissionError:
        return Check(
            say("packet socket"),
            Status.FAIL,
            say("opening one is not permitted"),
            say("do as the check of privilege says"),
        )
    except OSError as error:
        remedy = say("load the kernel module af_packet, or leave the sandbox that filters it")
        return Check(
            say("packet socket"), Status.FAIL, say("none can be opened ({why})", why=error.strerror or error), remedy
        )
    return Check(say("packet socket"), Status.OK, say("AF_PACKET can be opened"))


def check_receive_buffer(limit: Path = LARGEST_BUFFER) -> Check:
    """What a vantage on this machine can hold while Python thinks; the witness inside has a ring of its own."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one:
        try:
            one.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, WANTED)
        except OSError:
            return judge_receive_buffer(_number_in(limit))
    return Check(say("receive buffer"), Status.OK, say("may be forced to {wanted:,} KiB", wanted=WANTED // KIB))


def judge_receive_buffer(most: int | None) -> Check:
    if most is None:
        return Check(
            say("receive buffer"), Status.WARN, say("its limit net.core.rmem_max cannot be read"), say("run as root")
        )
    detail = say("at most {most:,} KiB (net.core.rmem_max)", most=most // KIB)
    if most >= ENOUGH:
        return Check(say("receive buffer"), Status.OK, detail)
    remedy = say("run as root, or `sudo sysctl -w net.core.rmem_max={enough}`", enough=ENOUGH)
    return Check(
        say("receive buffer"),
        Status.WARN,
        say("{detail}: a fast sweep may lose answers at a vantage here", detail=detail),
        remedy,
    )


def _packet_socket() -> socket.socket:
    return socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)


def _number_in(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
