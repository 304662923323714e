"""Capabilities, packet sockets and buffers; real ones where root can give them up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.checks.check import Status
from scanner.discovery.checks.privilege import (
    check_packet_socket,
    check_privilege,
    check_receive_buffer,
    effective_capabilities,
    judge_receive_buffer,
    privilege_remedy,
)


def status_file(tmp_path: Path, effective: str) -> Path:
    path = tmp_path / "status"
    path.write_text(f"Name:\tpython\nCapPrm:\t000001ffffffffff\nCapEff:\t{effective}\nCapBnd:\t000001ffffffffff\n")
    return path


@pytest.mark.parametrize(
    ("effective", "status"),
    [
        ("000001ffffffffff", Status.OK),
        ("0000000000002000", Status.OK),  # CAP_NET_RAW alone, bit 13
        ("0000000000001000", Status.FAIL),  # CAP_NET_ADMIN is not enough
        ("0000000000000000", Status.FAIL),
        ("000001ffffffdfff", Status.FAIL),  # everything but CAP_NET_RAW
    ],
)
def test_effective_capabilities_decide(tmp_path: Path, effective: str, status: Status) -> None:
    found = check_privilege(status_file(tmp_path, effective))
    assert found.status is status
    assert ("setcap cap_net_raw+eip" in found.remedy) == (status is Status.FAIL)


def test_without_proc_it_is_not_known(tmp_path: Path) -> None:
    assert check_privilege(tmp_path / "missing").status is Status.WARN
    (tmp_path / "status").write_text("Name:\tx\n")
    assert check_privilege(tmp_path / "status").status is Status.WARN


@given(st.text())
def test_any_status_file_is_read_or_none(text: str) -> None:
    found = effective_capabilities(text)
    assert found is None or 0 <= found < 1 << 64


def test_the_remedy_names_the_interpreter_behind_the_link_and_the_command_as_called(tmp_path: Path) -> None:
    real = tmp_path / "real python3.11"
    real.write_text("")
    link = tmp_path / "python"
    link.symlink_to(real)
    remedy = privilege_remedy(str(link), Path("/opt/venv/bin/v6expose"))
    assert remedy.startswith("run `sudo /opt/venv/bin/v6expose scan ...`, or once")
    assert f"`sudo setcap cap_net_raw+eip '{real}'`" in remedy
    assert f"`sudo {link} -m scanner.cli.main scan ...`" in privilege_remedy(str(link), Path("-c"))


def test_a_packet_socket_that_is_forbidden_or_missing() -> None:
    def forbidden() -> None:
        raise PermissionError(1, "Operation not permitted")

    def missing() -> None:
        raise OSError(97, "Address family not supported by protocol")

    assert check_packet_socket(forbidden).status is Status.FAIL
    found = check_packet_socket(missing)
    assert (found.status, "Address family not supported" in found.detail) == (Status.FAIL, True)


@pytest.mark.parametrize(
    ("most", "status"),
    [(None, Status.WARN), (212_992, Status.WARN), ((4 << 20) - 1, Status.WARN), (4 << 20, Status.OK)],
)
def test_receive_buffer(most: int | None, status: Status) -> None:
    found = judge_receive_buffer(most)
    assert found.status is status
    assert bool(found.remedy) == (status is Status.WARN)


SCRIPT = """
import json, os
from scanner.discovery.checks.privilege import check_privilege, check_packet_socket, check_receive_buffer
try:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
except OSError:
    print("null")
    raise SystemExit
print(json.dumps([check().status for check in (check_privilege, check_packet_socket, check_receive_buffer)]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_for_real_as_root_and_as_nobody() -> None:
    assert (check_privilege().status, check_packet_socket().status, check_receive_buffer().status) == (Status.OK,) * 3
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    if found is None:
        pytest.skip("this user namespace has one user only")
    privilege, packets, buffer = found
    assert (privilege, packets) == ("fail", "fail")
    limit = int(Path("/proc/sys/net/core/rmem_max").read_text())
    assert buffer == ("ok" if limit >= 4 << 20 else "warn")
