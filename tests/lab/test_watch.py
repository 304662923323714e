"""A new address on the lab's host: the watch scans it, once, and keeps the run."""

import json
import subprocess
import sys
import time
from pathlib import Path

from scanner.lab.lab import Lab

NEW = "2001:db8:2120:f400::77"
SECONDS = 90


def test_a_new_address_is_scanned(lab: Lab, tmp_path: Path) -> None:
    lab.wait_addresses(2)
    lab.listen(tcp="22,445")
    document = tmp_path / "run.json"
    argv = [sys.executable, "-m", "scanner.cli.main", "watch", "--settle", "1", "--pause", "0", "--times", "1"]
    argv += ["--vantage", f"netns:{lab.node('inet')}", "--tcp", "22,445", "--udp", "", "-o", f"json={document}", "-q"]
    words = ["env", f"XDG_STATE_HOME={tmp_path}", *argv]
    with lab.popen("host", words, stderr=subprocess.PIPE, text=True) as watch:
        end = time.monotonic() + SECONDS
        while watch.poll() is None and time.monotonic() < end and not document.exists():
            lab.exec("host", ["ip", "addr", "replace", f"{NEW}/64", "dev", "lan0", "nodad"])
            time.sleep(2)
            if document.exists() or watch.poll() is not None:
                break
            lab.exec("host", ["ip", "addr", "del", f"{NEW}/64", "dev", "lan0"], check=False)
            lab.exec("host", ["ip", "addr", "add", f"{NEW}/64", "dev", "lan0", "nodad"], check=False)
            time.sleep(8)
        assert watch.wait(SECONDS) == 0, watch.stderr.read() if watch.stderr else ""
    tables = {table["address"]: table for table in json.loads(document.read_text())["ports"]}
    assert tables[NEW]["verdicts"]["open"] == "22,445"
