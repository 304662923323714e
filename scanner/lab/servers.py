"""Real services inside a node, configured in a directory of their own: OpenSSH, Samba and nginx, where installed.

They need real root (they give up privileges, which a user namespace with one user cannot). ``Lab.down`` ends them.
"""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from pathlib import Path

from scanner.lab import commands
from scanner.lab.lab import Lab
from scanner.lab.topology import SECOND_SOURCE, VANTAGE2_ADDRESS
from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

START_TIMEOUT = 20.0  # seconds; Samba on a busy machine
POLL = 0.02
LISTEN = "0A"  # TCP_LISTEN in linux/include/net/tcp_states.h
LOGIN_ADDRESSES = {"inet": SECOND_SOURCE, "inet2": VANTAGE2_ADDRESS}
SSH_PORT, SMB_PORT, HTTP_PORT = 22, 445, 80


@dataclass(frozen=True, slots=True)
class SshAccess:
    """What a client needs: ``ssh -F config_file alias`` logs in as root without a question."""

    alias: str
    address: IPv6Address
    port: int
    identity_file: Path
    known_hosts_file: Path
    host_key: str  # one line, as in the server's .pub file
    config_file: Path
    config: str


def start_sshd(lab: Lab, directory: Path, node: str = "host", address: IPv6Address | None = None) -> SshAccess:
    """OpenSSH on port 22 of ``host``, ``inet`` or ``inet2``: on all of its addresses, or on ``address`` alone.

    In ``inet`` the client's configuration names the vantage's second address, so that the control connection and the
    scan never share a pair of addresses.
    """
    reached = address or (lab.host_addresses()[0].ip if node == "host" else LOGIN_ADDRESSES[node])
    for name in ("host_key", "user_key"):
        commands.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"lab {name}", "-f", str(directory / name)])
    (directory / "authorized_keys").write_text((directory / "user_key.pub").read_text())
    configuration = directory / "sshd_config"
    configuration.write_text(_sshd_config(directory, address))
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's chroot before login; Debian's unit makes it otherwise
    _serve(lab, node, ["/usr/sbin/sshd", "-D", "-e", "-f", str(configuration)], SSH_PORT)
    return _access(directory, f"{lab.name}-{node}", reached)


def start_smbd(lab: Lab, directory: Path, node: str = "host") -> None:
    """Samba on 139 and 445 of all addresses of ``node``, with one read-only share for guests."""
    share = directory / "share"
    share.mkdir(exist_ok=True)
    configuration = directory / "smb.conf"
    configuration.write_text(_smb_config(directory, share))
    _serve(lab, node, ["smbd", "-F", "--no-process-group", "-s", str(configuration)], SMB_PORT)


def start_nginx(lab: Lab, directory: Path, node: str = "host") -> None:
    """Nginx on port 80 of all addresses of ``node``."""
    (directory / "index.html").write_text("<!doctype html><title>lab</title><p>Not meant for the Internet.\n")
    configuration = directory / "nginx.conf"
    configuration.write_text(_nginx_config(directory))
    argv = ["nginx", "-p", str(directory), "-e", str(directory / "error.log"), "-c", str(configuration)]
    _serve(lab, node, argv, HTTP_PORT)


def _serve(lab: Lab, node: str, argv: Sequence[str], port: int) -> None:
    """Start a server that stays in the foreground, hand it to the lab and wait until it listens."""
    process = commands.start(
        lab.argv(node, argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    lab.adopt(process.pid, Path(argv[0]).name)
    deadline = time.monotonic() + START_TIMEOUT
    while not listens(process.pid, port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise EnvironmentFault(
                say("{program} does not listen on port {port}", program=" ".join(argv), port=port),
                say("is the package installed?"),
            )
        time.sleep(POLL)
    process.returncode = 0  # its end is the lab's business from here on


def listens(pid: int, port: int) -> bool:
    """In the network namespace of ``pid``, somebody listens on that TCP port (proc(5), tcp6)."""
    try:
        rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp6").read_text().splitlines()[1:]]
    except OSError:
        return False
    return any(row[3] == LISTEN and int(row[1].rpartition(":")[2], 16) == port for row in rows)


def _access(directory: Path, alias: str, address: IPv6Address) -> SshAccess:
    host_key = (directory / "host_key.pub").read_text().strip()
    known_hosts = directory / "known_hosts"
    known_hosts.write_text(f"{address} {host_key}\n")
    config = (
        f"Host {alias}\n  HostName {address}\n  Port {SSH_PORT}\n  User root\n  IdentityFile {directory / 'user_key'}\n"
        f"  IdentitiesOnly yes\n  UserKnownHostsFile {known_hosts}\n  StrictHostKeyChecking yes\n"
    )
    config_file = directory / "ssh_config"
    config_file.write_text(config)
    return SshAccess(alias, address, SSH_PORT, directory / "user_key", known_hosts, host_key, config_file, config)


def _sshd_config(directory: Path, address: IPv6Address | None) -> str:
    return (
        f"Port {SSH_PORT}\nListenAddress {address or '::'}\nHostKey {directory / 'host_key'}\n"
        f"AuthorizedKeysFile {directory / 'authorized_keys'}\nPidFile none\nUsePAM no\nStrictModes no\nUseDNS no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nPrintMotd no\n"
    )


def _smb_config(directory: Path, share: Path) -> str:
    places = ("private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir")
    lines = "".join(f"  {place} = {directory}\n" for place in places)
    return (
        f"[global]\n  server role = standalone server\n  smb ports = 445 139\n  map to guest = Bad User\n"
        f"  disable netbios = no\n  load printers = no\n  log file = {directory}/smbd.log\n{lines}"
        f"[share]\n  path = {share}\n  guest ok = yes\n  read only = yes\n"
    )


def _nginx_config(directory: Path) -> str:
    temporary = "".join(
        f"  {kind}_temp_path {directory}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\nuser root;\nworker_processes 1;\npid {directory}/nginx.pid;\nerror_log {directory}/error.log;\n"
        f"events {{ worker_connections 64; }}\nhttp {{\n  access_log off;\n{temporary}"
        f"  server {{ listen [::]:{HTTP_PORT}; root {directory}; }}\n}}\n"
    )
