"""``v6expose recheck FINDING``: sends the probes that tell, and says whether it is gone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import told, warn
from scanner.model.ports import PortSet
from scanner.model.text import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scanner.config import Configuration
    from scanner.model.run import Run
    from scanner.model.text import TextRecord
    from scanner.probes.surroundings import Progress
    from scanner.recheck import Means
    from scanner.remedies.again import Again, Shift

GONE, STILL_THERE, NOT_MEASURED, INTERRUPTED = 0, 1, 3, 130
WORDS = {"GONE": say("GONE"), "STILL_THERE": say("STILL THERE"), "NOT_MEASURED": say("NOT MEASURED")}
MOST_PORTS = 30  # characters of a list of ports
MOST_SHIFTS = 12  # lines about one finding


@click.command()
@click.argument("finding", metavar="FINDING")
@click.option(
    "--run", "file", metavar="FILE.json", help="Take the finding from this run document; - is standard input."
)
@click.option("--from-run", "reference", metavar="RUN", help="Take it from this stored run; the latest by default.")
@click.option(
    "--vantage", "vantages", multiple=True, metavar="SPEC", help="Look from here, not from the run's own vantages."
)
@click.option("--policy", metavar="FILE", help="What may be open: TOML with [[allow]] entries.")
@click.option("--rate", metavar="PPS", help="Ceiling in packets a second (default 10000).")
@click.option("--config", "config_file", metavar="FILE", help="Configuration file, read before ./v6expose.toml.")
@speaking_option
@shared
def recheck(finding: str, **options: Any) -> None:
    """Look at FINDING again: send only the probes that tell, from the vantages of the run it comes from.

    FINDING is a rule (V6X001), a port (445/tcp) or the beginning of a fingerprint. Exit status: 0 gone, 1 still there,
    2 usage, 3 not measured, 4 environment, 130 interrupted.
    """
    from scanner.cli.runs import chosen_run
    from scanner.recheck import recheck as look_again
    from scanner.remedies.pick import pick

    configuration = load_configuration(options)
    run = chosen_run(options["file"], options["reference"])
    findings = pick(run, finding)
    means = means_of(run, configuration, options)
    try:
        judged, scanned = look_again(run, findings, means)
    except KeyboardInterrupt:
        warn(say("interrupted before anything was measured"))
        raise SystemExit(INTERRUPTED) from None
    if options["as_json"]:
        click.echo(json.dumps(document(judged, scanned), indent=1, ensure_ascii=False))
    else:
        from scanner.cli.remedy import wrapped

        for line in page(judged, run.texts, everything=options["verbose"]):
            indent = " " * (len(line) - len(line.lstrip()))
            click.echo("\n".join(wrapped(line, f"{indent}  ")))
    if scanned is not None and scanned.run.interrupted:
        raise SystemExit(INTERRUPTED)
    raise SystemExit(exit_status(judged))


def load_configuration(options: dict[str, Any]) -> Configuration:
    from scanner.config import load

    flags = {name: options[name] for name in ("policy", "rate") if options[name]}
    file = options["config_file"]
    return load(flags, os.environ, Path(file) if file else None, Path.cwd())


def means_of(run: Run, configuration: Configuration, options: dict[str, Any]) -> Means:
    """Raises InputError for a vantage that cannot be, or that only an untrusted document names."""
    from scanner.cli.scan import names_of, policy_of, run_scan
    from scanner.data import load_catalogue
    from scanner.discovery.inventory import discover
    from scanner.recheck import Means, specs_of

    quiet = options["quiet"] or not sys.stderr.isatty()
    return Means(
        vantages=specs_of(run, options["vantages"], configuration.vantages, trusted=not options["file"]),
        catalogue=load_catalogue(),
        policy=policy_of(configuration.policy),
        discover=discover,
        look=lambda request: run_scan(request, quiet=quiet),
        progress=unseen,
        rate=configuration.rate,
        names=names_of(configuration),
    )


def unseen(step: Progress) -> None:
    """Of a question to the DNS nothing is shown."""


def exit_status(judged: Iterable[Again]) -> int:
    """The worst one counts; what is still there before what nobody knows."""
    from scanner.remedies.again import Standing

    standings = {one.standing for one in judged}
    if Standing.STILL_THERE in standings:
        return STILL_THERE
    return NOT_MEASURED if Standing.NOT_MEASURED in standings else GONE


def document(judged: Iterable[Again], scanned: Run | None) -> dict[str, Any]:
    """What --json writes."""
    from dataclasses import asdict

    return {
        "findings": [
            {
                "rule": one.before.rule,
                "title": one.before.title,
                "address": one.before.address,
                "protocol": one.before.protocol,
                "port": one.before.port,
                "fingerprint": one.before.fingerprint,
                "standing": one.standing,
                "why": one.why,
                "changes": [asdict(shift) for shift in one.shifts],
            }
            for one in judged
        ],
        "probes_sent": sum(vantage.probes_sent for vantage in scanned.vantages) if scanned else 0,
    }


def page(judged: Iterable[Again], texts: Mapping[str, TextRecord] | None = None, *, everything: bool) -> Iterator[str]:
    """A finding a paragraph: what became of it, then what was seen before and after."""
    from scanner.remedies.again import Standing
    from scanner.report.text import one_line

    for one in judged:
        yield f"{told(WORDS[one.standing.name])}: {one.before.rule} {one_line(told(one.before.title, texts))}"
        if one.why:
            yield f"  {one_line(told(one.why))}"
        shifts = list(one.shifts)
        for shift in shifts if everything else shifts[:MOST_SHIFTS]:
            yield f"  {change(shift, everything=everything)}"
        if len(shifts) > MOST_SHIFTS and not everything:
            yield "  " + told(say("and {count} more changes (-v shows them)", count=len(shifts) - MOST_SHIFTS))
        if one.standing is Standing.GONE and any(shift.after == "closed" for shift in shifts):
            yield "  " + told(say("nobody listens there any more; the router still lets the port in"))
        if one.standing is Standing.GONE and any(shift.after == "open" for shift in shifts):
            yield "  " + told(say("it still answers: your policy, or another expectation, allows it now"))


def change(shift: Shift, *, everything: bool) -> str:
    """``2001:db8::1 from vps: tcp/445 open -> router-dropped``."""
    from scanner.remedies.again import CASE
    from scanner.report.text import one_line

    ports = one_line(shift.ports, None)
    if len(ports) > MOST_PORTS and not everything and shift.protocol != CASE:
        shown, number = ports[:MOST_PORTS].rpartition(",")[0], len(PortSet.parse(ports))
        ports = told(say("{ports} and more ({count} ports)", ports=shown, count=number))
    place = told(say("{address} from {vantage}", address=shift.address, vantage=one_line(shift.vantage)))
    return f"{place}: {shift.protocol}/{ports} {one_line(shift.before)} -> {shift.after}"
