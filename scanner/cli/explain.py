"""``v6expose explain PORT``: which rule of this host's own firewall stops a port."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import told, warn
from scanner.model.errors import EnvironmentFault
from scanner.model.text import OR, clauses, joined, mark, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.explain import Foretold, Question, Traced
    from scanner.model.address import Inventory

INCOMPLETE, INTERRUPTED = 3, 130
PERMISSION = mark(
    "Trace one probe? One packet (three at most) is sent from {spec} to {address} port {port}/{protocol}, and one "
    "nftables table of v6expose's own is added for some seconds; it filters nothing"
)


@click.command()
@click.argument("port", metavar="PORT[/udp]")
@click.option("--address", metavar="ADDR", help="An address of this host; the first the Internet can reach by default.")
@click.option(
    "--vantage", "spec", metavar="SPEC", help="Where the probe is sent from; without one only rules are read."
)
@click.option("--yes", is_flag=True, help="Trace without asking.")
@speaking_option
@shared
def explain(port: str, address: str | None, spec: str | None, **options: Any) -> None:
    """Name the rule of this host's own firewall that stops PORT.

    The rules of nftables and ip6tables (ufw, firewalld and docker write such) are read and matched; nothing is sent.
    With --vantage, and after a question, one probe is sent and the kernel says which rule it meets. Needs root. Exit
    status: 0 told, 2 usage, 3 it could not be told, 4 environment.
    """
    from scanner.discovery.inventory import discover
    from scanner.explain import from_rules, parse_question

    inventory = discover()
    question = parse_question(port, address, inventory)
    with _unwinding():
        seen = _from_vantage(spec, question, inventory, yes=options["yes"]) if spec else None
    foretold, traced, note = seen or (from_rules(question, inventory), None, "")
    if options["as_json"]:
        click.echo(json.dumps(document(question, foretold, traced, note), indent=1))
    else:
        for line in sentences(question, foretold, traced, note, everything=options["verbose"]):
            click.echo(line)
    known = traced.arrived if traced else foretold.sure
    raise SystemExit(0 if known else INCOMPLETE)


def _from_vantage(
    spec: str, question: Question, inventory: Inventory, *, yes: bool
) -> tuple[Foretold, Traced | None, str] | None:
    """None where the owner does not consent: then nothing was sent and nobody was connected to."""
    from scanner.explain import from_rules, trace
    from scanner.measure import connect
    from scanner.vantage.spec import parse_spec

    parsed = parse_spec(spec)
    words = told(
        say(PERMISSION, spec=parsed, address=question.address.ip, port=question.port, protocol=question.protocol)
    )
    if not yes and not (sys.stdin.isatty() and click.confirm(words, err=True)):
        warn(say("not traced without consent; give --yes to trace"))
        return None
    vantage = connect(parsed, question.address.ip)
    try:
        foretold = from_rules(question, inventory, vantage.address)
        try:
            return foretold, trace(question, vantage), ""
        except EnvironmentFault as fault:
            return foretold, None, str(fault)
    finally:
        with suppress(OSError):
            vantage.close()


@contextmanager
def _unwinding() -> Iterator[None]:
    """SIGTERM unwinds as Ctrl-C does, so that the table and the far end go in every case."""

    def leave(number: int, frame: object) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except KeyboardInterrupt:
        warn(say("interrupted; nothing of the trace is left"))
        raise SystemExit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def sentences(
    question: Question, foretold: Foretold, traced: Traced | None, note: str, *, everything: bool = False
) -> Iterator[str]:
    """What is known, for a reader. Foreign text is made harmless."""
    from scanner.report.text import one_line

    asked = say(
        "{address} port {port}/{protocol}",
        address=question.address.ip,
        port=question.port,
        protocol=question.protocol,
    )
    yield told(asked)
    yield "  " + one_line(told(say("rules: {what}", what=_foretold_words(foretold))), None)
    if note:
        yield "  " + one_line(told(say("trace: {what}", what=note)), None)
    if traced is not None:
        yield "  " + one_line(told(say("trace: {what}", what=_traced_words(traced))), None)
        if everything:
            yield from (f"    {one_line(str(step), None)} ({step.verdict})" for step in traced.steps)


def _foretold_words(foretold: Foretold) -> str:
    if foretold.problems:
        return say("unknown: {what}", what=clauses(foretold.problems))
    if foretold.sure:
        if foretold.rules:
            return say("stopped by {rule}", rule=foretold.rules[0])
        return say("no rule of nftables or ip6tables stops it")
    either = joined(OR, (*foretold.rules, *((say("no rule"),) if foretold.passes else ())))
    if not foretold.doubts:
        return say("unknown: {what}", what=either)
    return say("unknown: {what} (cannot be known: {doubts})", what=either, doubts=clauses(foretold.doubts))


def _traced_words(traced: Traced) -> str:
    if not traced.arrived:
        return say(
            "none of {count} packets met a rule of this host: it was stopped on the way (see v6expose scan), "
            "its source was changed, or it was dropped before nftables (tc, XDP)",
            count=traced.packets,
        )
    if traced.rule is None:
        return say("no rule of nftables stopped it (legacy ip6tables, tc and eBPF leave no trace)")
    return say("stopped by {rule}", rule=traced.rule)


def document(question: Question, foretold: Foretold, traced: Traced | None, note: str) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        "address": str(question.address.ip),
        "protocol": question.protocol,
        "port": question.port,
        "rules": {
            "stopped_by": list(foretold.rules),
            "may_pass": foretold.passes,
            "sure": foretold.sure,
            "unknown": list(foretold.doubts),
            "problems": list(foretold.problems),
        },
        "trace": None
        if traced is None
        else {
            "arrived": traced.arrived,
            "stopped_by": None if traced.rule is None else str(traced.rule),
            "packets": traced.packets,
            "steps": [{"rule": str(step), "verdict": step.verdict} for step in traced.steps],
        },
        "note": note,
    }
