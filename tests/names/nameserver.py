"""A real name server (Knot DNS) on loopback, and servers that only keep silent."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.update

from scanner.model.names import Server

KEY_NAME = "ddns-key"
KEY_BASE64 = "Zm9yLXRlc3RzLW9ubHktZm9yLXRlc3RzLW9ubHktMDE="  # made up for these tests
KNOTD = shutil.which("knotd", path="/usr/sbin:/usr/bin:/sbin:/bin") or "knotd"
LEASH = ("setpriv", "--pdeathsig", "KILL")  # it dies with the test run, however that dies
LOOPBACK = IPv4Address("127.0.0.1")

CONFIGURATION = """
server:
    rundir: "{home}"
    listen: {listen}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: "{home}"
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: update
    key: {key}
    action: update
template:
  - id: default
    storage: "{home}"
    zonefile-sync: -1
    zonefile-load: difference
    journal-content: changes
    acl: update
zone:
{zones}
"""


def free_port() -> int:
    """A port that is free on loopback for UDP and TCP, as far as one can know."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind((str(LOOPBACK), 0))
        port: int = udp.getsockname()[1]
        tcp.bind((str(LOOPBACK), port))
        return port


@dataclass(frozen=True)
class NameServer:
    """A running knotd that serves ``zones``, open to updates signed with KEY_NAME."""

    server: Server

    @property
    def text(self) -> str:
        return f"{self.server.address}:{self.server.port}"

    def update(self, zone: str, name: str, ttl: int, *addresses: str) -> None:
        """RFC 2136: the AAAA records of ``name`` become ``addresses``."""
        key = dns.tsig.Key(KEY_NAME, KEY_BASE64, "hmac-sha256")
        message = dns.update.UpdateMessage(zone, keyring={key.name: key}, keyname=key.name)
        message.delete(dns.name.from_text(name), "AAAA")
        for address in addresses:
            message.add(dns.name.from_text(name), ttl, "AAAA", address)
        answer = dns.query.tcp(message, str(self.server.address), 5, self.server.port)
        assert answer.rcode() == dns.rcode.NOERROR, dns.rcode.to_text(answer.rcode())


def zone_text(zone: str, records: str) -> str:
    return f"$ORIGIN {zone}.\n$TTL 300\n@ SOA ns1 admin 1 3600 600 86400 60\n@ NS ns1\n{records}\n"


def write_configuration(
    home: Path, zones: Mapping[str, str], listen: Sequence[str], broken: Sequence[str] = ()
) -> Path:
    """``broken`` zones are configured without a file, so that the server answers SERVFAIL for them."""
    lines = [f'  - domain: {zone}\n    file: "{zone}.zone"' for zone in (*zones, *broken)]
    for zone, records in zones.items():
        (home / f"{zone}.zone").write_text(zone_text(zone, records))
    path = home / "knot.conf"
    path.write_text(
        CONFIGURATION.format(
            home=home, listen=f"[{', '.join(listen)}]", key=KEY_NAME, secret=KEY_BASE64, zones="\n".join(lines)
        )
    )
    return path


@contextmanager
def knot(home: Path, zones: Mapping[str, str], broken: Sequence[str] = ()) -> Iterator[NameServer]:
    """On an unprivileged port of 127.0.0.1."""
    port = free_port()
    path = write_configuration(home, zones, [f"{LOOPBACK}@{port}"], broken)
    with (home / "knot.log").open("w") as log:
        process = subprocess.Popen([*LEASH, KNOTD, "-c", str(path)], stdout=log, stderr=log)
    try:
        wait_for(Server(LOOPBACK, port), next(iter(zones)), process, home / "knot.log")
        yield NameServer(Server(LOOPBACK, port))
    finally:
        process.terminate()
        process.wait(10)


def wait_for(server: Server, zone: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    query = dns.message.make_query(zone, "SOA")
    while True:
        try:
            if dns.query.udp(query, str(server.address), 0.3, server.port).rcode() == dns.rcode.NOERROR:
                return
        except (OSError, dns.exception.DNSException):
            time.sleep(0.02)
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()


@contextmanager
def silent(behind: Server | None = None) -> Iterator[Server]:
    """Takes questions and answers none, except that one TCP connection is handed on to ``behind``."""
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind((str(LOOPBACK), port))
        tcp.bind((str(LOOPBACK), port))
        tcp.listen()
        if behind is not None:
            threading.Thread(target=_hand_on, args=(tcp, behind), daemon=True).start()
        yield Server(LOOPBACK, port)


def _hand_on(listening: socket.socket, behind: Server) -> None:
    """One question, one answer."""
    caller, _ = listening.accept()
    with caller, socket.create_connection((str(behind.address), behind.port)) as real:
        real.sendall(caller.recv(65_536))
        caller.sendall(real.recv(65_536))
