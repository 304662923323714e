"""``v6expose watch``: stays, and scans again whenever the host's addresses change."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import ENGLISH, language, warn
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv6Address

USAGE, INTERRUPTED = 2, 130
BUSY = 5.0  # seconds until the lock is tried again
LONGEST_LOOK = 30.0


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--settle", default=20.0, metavar="SECONDS", help="How long it must be quiet before a scan (default 20).")
@click.option("--pause", default=300.0, metavar="SECONDS", help="Between the beginnings of two scans (default 300).")
@click.option("--times", default=0, metavar="N", help="End after so many scans (default: never).")
@click.argument("scan_options", nargs=-1, type=click.UNPROCESSED, metavar="[SCAN OPTIONS]...")
@speaking_option
@shared
def watch(
    settle: float, pause: float, times: int, scan_options: tuple[str, ...], *, as_json: bool, quiet: bool, verbose: bool
) -> None:
    """Follow this host's addresses and scan when a new one, or a new prefix, has settled.

    The scan is a quick one unless --profile says otherwise; every other option of scan can be given too.
    """
    from scanner.discovery.events import AddressWatch
    from scanner.schedule.watch import Debounce

    if settle < 0 or pause < 0 or times < 0:
        raise InputError(
            say("--settle, --pause and --times cannot be negative"), say("leave them out, or give seconds")
        )
    options = scan_argv(scan_options, as_json=as_json, quiet=quiet, verbose=verbose)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    debounce, done = Debounce(settle, pause), 0
    require_scan(scan_options)
    with AddressWatch() as addresses:
        try:
            while not times or done < times:
                due = debounce.due_in(time.monotonic())
                if due == 0:
                    done += scan_once(debounce.take(time.monotonic()), options, quiet=quiet)
                    continue
                select.select([addresses], [], [], LONGEST_LOOK if due is None else min(due, LONGEST_LOOK))
                debounce.note(addresses.events())
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None


def require_scan(given: Sequence[str]) -> None:
    """Refuse now what every scan would refuse later, perhaps after weeks: an option that is none, no vantage."""
    from scanner.cli.scan import THREE_WAYS, load_configuration, scan

    options = scan.make_context("v6expose scan", list(given)).params
    if not load_configuration(options).vantages:
        raise EnvironmentFault(say("no vantage: an outside view needs a place outside"), THREE_WAYS)


def scan_argv(given: Sequence[str], *, as_json: bool, quiet: bool, verbose: bool) -> list[str]:
    argv = [sys.executable, "-m", "scanner.cli.main", "scan", *given]
    if not any(word == "--profile" or word.startswith("--profile=") for word in given):
        argv += ["--profile", "quick"]
    if language() != ENGLISH:
        argv += ["--lang", language()]
    return argv + [flag for flag, wanted in (("--json", as_json), ("-q", quiet), ("-v", verbose)) if wanted]


def scan_once(changed: Sequence[IPv6Address], argv: list[str], *, quiet: bool) -> int:
    """Scan while nobody else does; 1 when it is through. A scan that refuses its options ends the watch."""
    from scanner.schedule.lock import alone, lock_file

    if not quiet:
        named = ", ".join(map(str, changed))
        warn(say("{addresses} appeared; scanning", addresses=named))
    while True:
        with alone(lock_file()) as free:
            if free:
                with subprocess.Popen(argv) as child:
                    try:
                        status = child.wait()
                    except BaseException:
                        child.send_signal(signal.SIGINT)
                        child.wait()
                        raise
                if status == USAGE:
                    raise SystemExit(USAGE)
                return 1
        time.sleep(BUSY)
