"""Real services inside the lab, and a login through it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.lab import commands
from scanner.lab.lab import Lab
from scanner.lab.personalities import stateful_none
from scanner.lab.servers import start_nginx, start_smbd, start_sshd
from scanner.lab.topology import SECOND_SOURCE
from scanner.model.address import Kind
from scanner.model.errors import EnvironmentFault

from .prober import accepts

pytestmark = pytest.mark.skipif(
    Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"],
    reason="servers give up privileges, which a user namespace with one user cannot",
)


def test_real_services_answer_outside(lab: Lab, tmp_path: Path) -> None:
    for start in (start_sshd, start_smbd, start_nginx):
        directory = tmp_path / start.__name__
        directory.mkdir()
        start(lab, directory)
    target = next(address.ip for address in lab.host_addresses() if address.kind is Kind.STABLE)
    assert [port for port in (22, 80, 139, 445, 443) if accepts(lab, "inet", target, port)] == [22, 80, 139, 445]


def test_a_login_from_the_host_to_the_vantage(lab: Lab, tmp_path: Path) -> None:
    access = start_sshd(lab, tmp_path, "inet")
    lab.apply(stateful_none())
    command = [
        "ssh",
        "-F",
        str(access.config_file),
        "-o",
        "BatchMode=yes",
        access.alias,
        "ip -br link; echo $SSH_CONNECTION",
    ]
    done = lab.exec("host", command, capture_output=True, text=True)
    assert "net0@" in done.stdout
    assert access.address == SECOND_SOURCE
    assert done.stdout.split()[-2] == str(SECOND_SOURCE)
    assert access.host_key in access.known_hosts_file.read_text()


def test_a_stranger_is_refused(lab: Lab, tmp_path: Path) -> None:
    access = start_sshd(lab, tmp_path, "inet2")
    command = [
        "ssh",
        "-F",
        str(access.config_file),
        "-o",
        "BatchMode=yes",
        "-i",
        "/dev/null",
        "-o",
        "IdentityFile=none",
    ]
    (tmp_path / "user_key").unlink()
    done = lab.exec("host", [*command, access.alias, "true"], check=False, capture_output=True, text=True)
    assert done.returncode == 255
    assert "Permission denied" in done.stderr


def test_a_server_that_cannot_listen_is_named(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match=r"sshd .* does not listen on port 22"):
        start_sshd(lab, tmp_path, "cpe", SECOND_SOURCE)


def test_down_ends_the_servers(unique_name: Callable[[], str], tmp_path: Path) -> None:
    with Lab(unique_name()) as lab:
        start_smbd(lab, tmp_path)
        running = commands.processes_in(lab.node("host"))
        assert len(running) > 1, "Samba has children"
    assert [pid for pid in running if (Path("/proc") / str(pid) / "exe").exists()] == []
