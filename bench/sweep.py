"""All ports of one address behind a dropping router: v6expose beside nmap and masscan, in one run, in the lab.

    make bench                       the table, also written to bench/results/sweep.json
    python bench/sweep.py --quick    without nmap's defaults (they take about 100 s)

Wrong verdicts are counted against the lab's truth: for the peers a port is wrong where "open" is said of one that is
not, or not said of one that is; for v6expose where any verdict differs.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from scanner.lab.lab import Lab
from scanner.lab.personalities import stateful
from scanner.lab.rules import Role
from scanner.lab.truth import Services, truth
from scanner.model.address import Kind
from scanner.model.ports import PortSet

LISTENING = PortSet.parse("22,80,139,443,445,3000,3001,3003")
RATE = 20_000
EVERY = "1-65535"
EVERY_PORT = 65_535
RESOLVE = "import socket,sys,time; socket.socket(10, 2).sendto(b'', (sys.argv[1], 9)); time.sleep(0.3)"
WORSE_THAN_A_MINUTE = 400  # seconds after which a peer is ended


@dataclass(frozen=True)
class Row:
    """One tool's run: wall-clock seconds of the whole command, ports asked, wrong verdicts, peak memory in MB."""

    tool: str
    ports: str
    seconds: float
    probes: int | None
    wrong: int
    megabytes: float


def timed(argv: list[str]) -> tuple[float, float, str]:
    """(seconds, peak MB of the process tree's largest member, standard output) of one command."""
    with tempfile.NamedTemporaryFile("r") as usage:
        started = time.monotonic()
        code = (
            "import resource,subprocess,sys;"
            "s=subprocess.run(sys.argv[2:]).returncode;"
            "open(sys.argv[1],'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss));"
            "sys.exit(s)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, usage.name, *argv],
            capture_output=True,  # masscan takes four times as long where it cannot draw its status
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=WORSE_THAN_A_MINUTE,
            check=False,
        )
        return time.monotonic() - started, int(usage.read() or 0) / 1024, done.stdout


def ours(lab: Lab, address: str, expected: dict[str, dict[int, str]], udp: str) -> Row:
    """The whole ``v6expose scan`` command, start-up and report included."""
    argv = [sys.executable, "-m", "scanner.cli.main", "scan", "--vantage", f"netns:{lab.node('inet')}"]
    argv += ["--address", address, "--tcp", EVERY, "--udp", udp, "--rate", str(RATE)]
    argv += ["--no-nmap", "--battery", "none", "--no-store", "--json", "-q"]
    seconds, memory, text = timed(lab.argv("host", argv))
    run = json.loads(text)
    wrong = 0
    for table in run["ports"]:
        said = {port: verdict for verdict, ports in table["verdicts"].items() for port in PortSet.parse(ports)}
        wanted = expected[table["protocol"]]
        wrong += sum(
            said.get(port) != wanted[port] for port in PortSet.parse(EVERY if table["protocol"] == "tcp" or udp else "")
        )
    what = "TCP + UDP" if udp else "TCP"
    return Row("v6expose", what, seconds, run["vantages"][0]["probes_sent"], wrong, memory)


def nmap(lab: Lab, address: str, tcp: dict[int, str], *options: str) -> Row:
    argv = ["nmap", "-6", "-n", "-Pn", "-sS", "-p-", "-v", *options, address]
    seconds, memory, text = timed(lab.argv("inet", argv))
    found = {int(port) for port in re.findall(r"^(\d+)/tcp +open", text, re.MULTILINE)}
    sent = re.search(r"Raw packets sent: (\d+)", text)
    label = f"nmap {' '.join(options) or '(defaults)'}"
    return Row(label, "TCP", seconds, int(sent[1]) if sent else None, wrong_open(found, tcp), memory)


def masscan(lab: Lab, address: str, tcp: dict[int, str]) -> Row:
    """masscan, one probe a port; it wants its source address and the next hop's MAC told."""
    link = json.loads(read(lab, "ip", "-j", "-6", "route", "get", address))[0]
    read(lab, sys.executable, "-c", RESOLVE, link["gateway"])
    neighbours = json.loads(read(lab, "ip", "-j", "-6", "neigh"))
    mac = next(row["lladdr"] for row in neighbours if row["dst"] == link["gateway"])
    argv = ["masscan", address, "-p1-65535", "--rate", str(RATE), "--wait", "2", "-e", link["dev"]]
    argv += ["--adapter-ip", str(lab.vantage_address), "--router-mac", mac.replace(":", "-"), "--adapter-port", "61000"]
    seconds, memory, text = timed(lab.argv("inet", argv))
    found = {int(port) for port in re.findall(r"Discovered open port (\d+)/tcp", text)}
    return Row(f"masscan --rate {RATE}", "TCP", seconds, EVERY_PORT, wrong_open(found, tcp), memory)


def read(lab: Lab, *argv: str) -> str:
    text: str = lab.exec("inet", list(argv), capture_output=True, text=True).stdout
    return text


def wrong_open(found: set[int], tcp: dict[int, str]) -> int:
    return len(found ^ {port for port, verdict in tcp.items() if verdict == "open"})


def show(rows: list[Row]) -> None:
    print(f"\n{'tool':44} {'ports':10} {'seconds':>8} {'probes':>8} {'wrong':>6} {'MB':>6}")
    for row in rows:
        probes = "" if row.probes is None else f"{row.probes:,}"
        print(f"{row.tool:44} {row.ports:10} {row.seconds:8.1f} {probes:>8} {row.wrong:6} {row.megabytes:6.0f}")
    base = next(row for row in rows if row.ports == "TCP + UDP")
    print("\nas a ratio to v6expose on TCP + UDP:")
    for row in rows:
        print(f"  {row.tool:44} {row.ports:10} x {row.seconds / base.seconds:.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--quick", action="store_true", help="leave out nmap's defaults")
    quick = arguments.parse_args().quick
    with Lab(f"v6x-bench-{os.getpid()}") as lab:
        lab.listen(tcp=str(LISTENING))
        lab.apply(stateful())
        address = str(next(a.ip for a in lab.host_addresses() if a.kind is Kind.STABLE))
        expected = {
            protocol: {
                p: str(v)
                for v, ports in truth(stateful(), Services(LISTENING), protocol, Role.STABLE).items()
                for p in ports
            }
            for protocol in ("tcp", "udp")
        }
        steps = [
            lambda: ours(lab, address, expected, EVERY),
            lambda: ours(lab, address, expected, ""),
            lambda: nmap(lab, address, expected["tcp"], "-T4", "--min-rate", "5000", "--max-retries", "2"),
            lambda: masscan(lab, address, expected["tcp"]),
        ]
        if not quick:
            steps.append(lambda: nmap(lab, address, expected["tcp"]))
        rows = []
        for step in steps:
            rows.append(step())
            print(f"{rows[-1].tool}, {rows[-1].ports}: {rows[-1].seconds:.1f} s", flush=True)
    show(rows)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / "sweep.json").write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
