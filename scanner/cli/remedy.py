"""``v6expose remedy FINDING``: how the router at hand shuts this door."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import language_option, shared
from scanner.cli.speech import told
from scanner.model.errors import InputError
from scanner.model.text import commas, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scanner.model.finding import Finding
    from scanner.model.run import Run
    from scanner.remedies import Choice, Guess, Remedy

NARROWEST, WIDEST = 40, 100
STEP = "   "  # under which a step goes on


@click.command()
@click.argument("finding", metavar="FINDING", required=False)
@click.option("--router", metavar="ID", help="Which router: see --list. Without it, the one the run points to.")
@click.option(
    "--run", "file", metavar="FILE.json", help="Take the finding from this run document; - is standard input."
)
@click.option("--from-run", "reference", metavar="RUN", help="Take it from this stored run; the latest by default.")
@click.option("--wan", metavar="IFACE", help="The router's interface towards the provider, where not the usual one.")
@click.option("--lan", metavar="IFACE", help="The router's interface towards the LAN.")
@click.option(
    "--keep",
    multiple=True,
    metavar="PORT/tcp",
    help="Leave this open, beside what your policy allows; repeatable.",
)
@click.option(
    "--tunnel",
    nargs=2,
    metavar="REMOTE OWN",
    help="The ends of a DS-Lite or MAP-E tunnel, whose protocol 4 must pass.",
)
@click.option("--list", "list_them", is_flag=True, help="List the routers that are known.")
@language_option
@shared
def remedy(finding: str | None, **options: Any) -> None:
    """Print how to fix FINDING on your router, with this host's own prefix and ports.

    FINDING is a rule (V6X001), a port (445/tcp) or the beginning of a fingerprint. Nothing is sent and nothing is
    changed. Exit status: 0 printed, 2 usage, 4 environment.
    """
    if options["list_them"]:
        show_routers(as_json=options["as_json"])
        return
    if not finding:
        raise InputError(
            say("no finding is named"), say("give a rule (V6X001), a port (445/tcp) or a fingerprint, or --list")
        )
    from scanner.cli.runs import chosen_run
    from scanner.remedies import guess_router
    from scanner.remedies.pick import pick

    router, lang = said(options)
    choice = choice_of(options)
    run = chosen_run(options["file"], options["reference"])
    findings = pick(run, finding)
    remedies = every_remedy(run, findings, router, choice, lang)
    guesses = () if router or run.host.router else guess_router(run)
    if options["as_json"]:
        click.echo(json.dumps(document(findings, guesses, remedies), indent=1, ensure_ascii=False))
        return
    lines = page(run, findings, guesses, remedies, bare=options["quiet"])
    click.echo("\n".join(lines))


def said(options: dict[str, Any]) -> tuple[str | None, str]:
    """Router and language: flags, then environment and files. Raises InputError for a router nobody knows."""
    from scanner.config import load
    from scanner.remedies import find_router

    flags = {name: options[name] for name in ("router", "lang") if options[name]}
    configuration = load(flags, os.environ, None, Path.cwd())
    router = configuration.router
    return (find_router(router).id if router else None), configuration.lang


def choice_of(options: dict[str, Any]) -> Choice:
    """Raises InputError naming the option's value that cannot be."""
    from scanner.remedies.situation import Choice, Keep, parse_interface, parse_tunnel

    return Choice(
        wan=parse_interface(options["wan"]) if options["wan"] else "",
        lan=parse_interface(options["lan"]) if options["lan"] else "",
        keep=tuple(Keep.parse(text) for text in options["keep"]),
        tunnel=parse_tunnel(*options["tunnel"]) if options["tunnel"] else None,
    )


def every_remedy(
    run: Run, findings: Iterable[Finding], router: str | None, choice: Choice, lang: str
) -> tuple[Remedy, ...]:
    """Those of all findings, each once: one filter cures many."""
    from scanner.remedies import remedies_for

    return tuple(dict.fromkeys(one for finding in findings for one in remedies_for(run, finding, router, choice, lang)))


def show_routers(*, as_json: bool) -> None:
    from scanner.remedies import load_routers

    rows = load_routers()
    if as_json:
        listed = [{"id": one.id, "name": one.name, "kind": one.kind, "source": one.source} for one in rows]
        click.echo(json.dumps(listed, indent=1, ensure_ascii=False))
        return
    width = max(len(one.id) for one in rows)
    for one in rows:
        click.echo(f"{one.id:<{width}}  {told(one.name)}")


def document(findings: Iterable[Finding], guesses: Iterable[Guess], remedies: Iterable[Remedy]) -> dict[str, Any]:
    """What --json writes."""
    from dataclasses import asdict

    named = ("rule", "title", "address", "protocol", "port", "fingerprint", "remedy")
    return {
        "findings": [{name: getattr(finding, name) for name in named} for finding in findings],
        "guesses": [asdict(guess) for guess in guesses],
        "remedies": [asdict(one) for one in remedies],
    }


def page(
    run: Run, findings: Iterable[Finding], guesses: tuple[Guess, ...], remedies: tuple[Remedy, ...], *, bare: bool
) -> Iterator[str]:
    """``bare`` leaves the texts themselves, ready for a pipe."""
    from scanner.report.text import moment, one_line

    if bare:
        yield "\n\n".join(one.text.rstrip("\n") for one in remedies)
        return
    for title in dict.fromkeys(finding.title for finding in findings):
        yield from wrapped(one_line(told(title, run.texts)))
    origin = say("(run {run} of {when})", run=one_line(run.run.id), when=moment(run.run.finished_at))
    yield from wrapped(told(origin))
    yield from explained(guesses)
    for one in remedies:
        yield ""
        yield from paragraphs(one)
    if not remedies:
        for words in dict.fromkeys(finding.remedy for finding in findings):
            yield ""
            yield from wrapped(one_line(told(words, run.texts), None))


def explained(guesses: tuple[Guess, ...]) -> Iterator[str]:
    """Why this router, and which others it may be."""
    from scanner.report.text import one_line

    if not guesses:
        return
    first, *others = guesses
    router = say("Router: {name}, because {why}. Another one? Give --router.", name=first.name, why=one_line(first.why))
    yield from wrapped(told(router))
    if others:
        named = commas(say("{name} (--router {id})", name=one.name, id=one.router) for one in others)
        yield from wrapped(told(say("It may also be: {routers}.", routers=named)))


def paragraphs(one: Remedy) -> Iterator[str]:
    """Title, text, caution, source: the text as it is, steps wrapped."""
    from scanner.remedies import Language

    yield from wrapped(f"== {told(one.title)}")
    if one.caution:
        yield from wrapped(told(say("Look first: {caution}", caution=one.caution)))
    yield ""
    for line in one.text.rstrip("\n").splitlines():
        if one.language is Language.STEPS:
            yield from wrapped(line, STEP)
        else:
            yield line
    yield ""
    yield from wrapped(told(say("Source: {source}", source=one.source)))


def wrapped(text: str, indent: str = "") -> list[str]:
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST) if sys.stdout.isatty() else 80
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
