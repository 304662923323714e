"""How long the batteries take for two addresses at their usual pace, in the lab: printed, and as JSON.

    .venv/bin/python bench/batteries.py [JSON-FILE]        (as root)

The scan is narrowed to three TCP ports and one UDP port, without nmap, once without batteries and once with all of
them; the difference is theirs.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scanner.lab.lab import Lab
from scanner.lab.mistakes import by_the_book

WANTED = 60.0  # seconds
NARROW = ("--tcp", "22,80,445", "--udp", "445", "--no-nmap", "--no-store", "--fail-on", "never", "-q")


def scan(lab: Lab, document: Path, *more: str) -> float:
    """Seconds one scan took."""
    v6expose = str(Path(sys.executable).with_name("v6expose"))
    argv = [v6expose, "scan", "--vantage", f"netns:{lab.node('inet')}", *NARROW, "-o", f"json={document}", *more]
    began = time.monotonic()
    lab.exec("host", argv, check=False)
    return time.monotonic() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as name, Lab(f"v6xbench{os.getpid()}") as lab:
        document = Path(name) / "run.json"
        lab.listen(tcp="22,80,445", udp="445")
        lab.apply(by_the_book())
        without = scan(lab, document, "--battery", "none")
        whole = scan(lab, document)
        rows = json.loads(document.read_text())["conformance"]
    told = {
        "addresses": len({row["address"] for row in rows}),
        "seconds_without": round(without, 1),
        "seconds_with": round(whole, 1),
        "seconds_of_batteries": round(whole - without, 1),
        "wanted_at_most": WANTED,
        "rows": dict(Counter(row["standard"] for row in rows)),
        "results": dict(Counter(row["result"] for row in rows)),
    }
    print(json.dumps(told, indent=1))
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(told, indent=1) + "\n")
    if whole - without > WANTED:
        sys.exit(f"the batteries took more than {WANTED:.0f} s")


if __name__ == "__main__":
    main()
