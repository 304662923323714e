"""``v6expose demo``: the story that started this, on the built-in Internet."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.options import speaking_option
from scanner.cli.speech import language, told
from scanner.model.errors import IncompleteError
from scanner.model.text import mark, say

if TYPE_CHECKING:
    from scanner.lab.lab import Lab

NAME = "v6x-demo"
SERVICES = "22,80,139,443,445,3000,3001,3003"  # what the seed story's home server ran
RATE = "20000"
PREFERENCE = "/proc/sys/net/ipv6/conf/lan0/use_tempaddr"  # 2 prefers the temporary address, 1 the stable one
# personality, the owner's word for it, what is said on the terminal
ACTS = (
    (
        "pass-all",
        mark("before the fix"),
        mark("The router passes everything, as in the vendor's sample configuration."),
    ),
    (
        "stateful",
        mark("after the fix"),
        mark("Now the router drops all but 22, 80 and 443, and the host prefers its stable address."),
    ),
)
POLICY = """# What the owner means strangers to reach.
[[allow]]
protocol = "tcp"
ports = "22,80,443"
reason = "SSH with keys, and the web site"
"""
SCANNED = (0, 1)  # exit statuses of a complete scan


@click.command()
@click.option("-d", "--directory", default="v6expose-demo", show_default=True, help="Where the reports go.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but where the report is.")
@speaking_option
def demo(directory: str, quiet: bool) -> None:  # noqa: FBT001
    """A home router that filters nothing is scanned, then fixed, then scanned again.

    Everything happens in network namespaces on this machine: no packet leaves it. Runs as root, or as any user in an
    unprivileged user namespace.
    """
    from scanner.lab import rootless
    from scanner.lab.lab import Lab
    from scanner.report.write import check_writable

    target = Path(directory).absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.mkdir(exist_ok=True)
    check_writable(str(target / "report.html"))
    rootless.become_root()
    (target / "policy.toml").write_text(POLICY)
    began = time.monotonic()
    with Lab(NAME) as lab:
        lab.listen(tcp=SERVICES)
        for number, act in enumerate(ACTS):
            play(lab, act, target, first=number == 0, quiet=quiet)
    took, report = time.monotonic() - began, target / "report.html"
    click.echo("\n" + told(say("Two scans in {seconds:.0f} s. The report: {path}", seconds=took, path=report)))


def play(lab: Lab, act: tuple[str, str, str], target: Path, *, first: bool, quiet: bool) -> None:
    """One act: set the router, scan from outside, keep the documents."""
    from scanner.lab.personalities import personality

    name, title, said = act
    if not quiet:
        click.echo(f"\n== {told(say(title))} ==\n{told(say(said))}\n")
    lab.apply(personality(name))
    lab.exec("host", ["sh", "-c", f"echo {1 + first} > {PREFERENCE}"])
    document = target / ("before.json" if first else "after.json")
    document.unlink(missing_ok=True)
    report = target / ("before.html" if first else "report.html")
    before = () if first else ("--before", str(target / "before.json"))
    argv = [
        *(sys.executable, "-m", "scanner.cli.main", "scan"),
        *("--vantage", f"netns:{lab.node('inet')}", "--rate", RATE, "--title", told(say(title))),
        *("--policy", str(target / "policy.toml")),
        *("-o", f"json={document}", "-o", f"html={report}", *before),
        *("--battery", "none"),  # half a minute each time, and the story is told without them
        *("--lang", language()),
        "--no-store",  # the made-up host is no part of the owner's history
        *(("--quiet",) if quiet else ()),
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("V6EXPOSE_")}
    status = subprocess.run(lab.argv("host", argv), check=False, env=environment).returncode
    if status not in SCANNED or not document.exists():
        raise IncompleteError(
            say("the scan {title} ended with exit status {status}", title=title, status=status),
            say("see what it said above"),
        )
