"""Which remedies a finding has: the router's, as that router wants it said, then the host's."""

from collections.abc import Iterator

from scanner.language import SOURCE
from scanner.model.finding import Finding
from scanner.model.run import Run
from scanner.model.text import say
from scanner.remedies.guess import guess_router
from scanner.remedies.host import host_remedies, knows
from scanner.remedies.render import render
from scanner.remedies.routers import GENERIC, find_router, load_routers
from scanner.remedies.situation import Choice, Situation, parse_interface, situation_of
from scanner.remedies.values import Kind, Remedy, Router

# What a filter in front of the host cures: services exposed, no filter, half a filter, doors left open, the LAN let in,
# ways around it, ICMPv6 that must not pass and errors that must.
BY_FILTER = frozenset({"V6X001", "V6X002", "V6X003", "V6X005", "V6X018", "V6X021", "V6X022", "V6X023"})
# What is cured by binding a program to one address.
BY_BINDING = frozenset({"V6X001", "V6X016"})
NOTHING_SAID = Choice()
HOST_FIREWALL = "nftables-host"  # for a program that nobody knows how to bind


def remedies_for(
    run: Run, finding: Finding, router: str | None, choice: Choice = NOTHING_SAID, language: str = SOURCE
) -> tuple[Remedy, ...]:
    """The router's remedy first. ``router`` is an id of the catalogue; None for what the run says or the likeliest one.
    Where nothing tells which one it is, the remedy says in words what any router should do. Empty for findings that
    neither a filter nor another binding cures. Raises InputError for an unknown router.
    """
    row = find_router(router or likeliest(run))
    situation = situation_of(run, finding, choice)
    return tuple(_all(run, finding, row, choice, situation, language))


def likeliest(run: Run) -> str:
    """What the owner said, if it is known here; otherwise the first guess, or ``generic``."""
    if any(row.id == run.host.router for row in load_routers()):
        return run.host.router
    return next((guess.router for guess in guess_router(run)), GENERIC)


def _all(
    run: Run, finding: Finding, row: Router, choice: Choice, situation: Situation, language: str
) -> Iterator[Remedy]:
    if finding.rule in BY_FILTER:
        yield _on_router(row, choice, situation, language)
    if finding.rule in BY_BINDING:
        yield from host_remedies(run, finding, situation, language)
    if finding.rule in BY_FILTER & BY_BINDING and row.kind is not Kind.HOST and not knows(run, finding, situation):
        yield _on_router(find_router(HOST_FIREWALL), NOTHING_SAID, situation, language)


def _on_router(row: Router, choice: Choice, situation: Situation, language: str) -> Remedy:
    wan, lan = choice.wan or row.wan, choice.lan or row.lan
    if row.kind is Kind.HOST:
        wan = choice.wan or situation.interface or row.wan
    text = render(
        row.id,
        language,
        here=situation,
        wan=parse_interface(wan) if wan else "",
        lan=parse_interface(lan) if lan else "",
        usual=not choice.wan,
    )
    return Remedy(
        router=row.id,
        title=say("Let in only what somebody inside asked for: {router}", router=row.name),
        text=text,
        language=row.language,
        source=row.source,
        caution=say(row.caution) if row.caution else "",
    )
