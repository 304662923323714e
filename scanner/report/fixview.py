"""How to fix it on the router at hand, and on the host, as a reader sees it: every router's text, one of them chosen.
Pure but for the texts, which scanner.remedies renders from templates.
"""

from dataclasses import dataclass

from scanner.model.errors import InputError
from scanner.model.finding import Finding
from scanner.model.run import Run
from scanner.model.text import say
from scanner.remedies import Remedy, Router, guess_router, load_routers, remedies_for
from scanner.remedies.advise import BY_BINDING, BY_FILTER, likeliest
from scanner.remedies.values import HOST, Kind
from scanner.report.text import clean, one_line

KINDS = {
    Kind.ROUTER: say("Routers"),
    Kind.CLOUD: say("Clouds"),
    Kind.HOST: say("Only this host's own firewall"),
}


UNFIT = (InputError, ValueError)  # a document from elsewhere may hold addresses that no remedy can be made of


@dataclass(frozen=True, slots=True)
class FixText:
    """``text`` is whole: it needs no filling in. ``set_as`` says how it is to be read: console, steps or ini.
    ``caution`` and ``source`` may be "".
    """

    id: str
    name: str
    text: str
    set_as: str
    source: str
    caution: str


@dataclass(frozen=True, slots=True)
class FixGroup:
    label: str
    fixes: tuple[FixText, ...]


@dataclass(frozen=True, slots=True)
class FixView:
    """``chosen`` is the id of the text that is shown first, ``name`` its router, ``why`` what speaks for it."""

    chosen: str
    name: str
    why: str
    groups: tuple[FixGroup, ...]


def fix_view(run: Run, language: str) -> FixView | None:
    """None where no finding is cured by a filter in front of the host."""
    finding = next((one for one in run.findings if one.rule in BY_FILTER), None)
    if finding is None:
        return None
    try:
        return _view(run, finding, language)
    except UNFIT:
        return None


def _view(run: Run, finding: Finding, language: str) -> FixView:
    chosen = likeliest(run)
    rows = load_routers()
    return FixView(
        chosen,
        next(row.name for row in rows if row.id == chosen),
        _why(run, chosen),
        tuple(
            FixGroup(label, tuple(_router(run, finding, row, language) for row in rows if row.kind is kind))
            for kind, label in KINDS.items()
        ),
    )


def by_router(finding: Finding) -> bool:
    return finding.rule in BY_FILTER


def curable(finding: Finding) -> bool:
    """``v6expose remedy`` has something to say."""
    return finding.rule in BY_FILTER | BY_BINDING


def host_fixes(run: Run, finding: Finding, language: str) -> tuple[FixText, ...]:
    """What is to be set in the program that listens; the host's firewall stands among the routers."""
    if finding.rule not in BY_BINDING:
        return ()
    try:
        found = remedies_for(run, finding, None, language=language)
    except UNFIT:
        return ()
    return tuple(_text(one.title, one) for one in found if one.router == HOST)


def _why(run: Run, chosen: str) -> str:
    if run.host.router == chosen:
        return say("as you said")
    told = next((guess.why for guess in guess_router(run) if guess.router == chosen), "")
    return clean(told, 200) if told else say("nothing tells which router it is: choose yours")


def _router(run: Run, finding: Finding, row: Router, language: str) -> FixText:
    return _text(row.name, remedies_for(run, finding, row.id, language=language)[0])


def _text(name: str, remedy: Remedy) -> FixText:
    return FixText(
        remedy.router,
        one_line(name, 120),
        clean(remedy.text, 8_000),
        remedy.language.value,
        clean(remedy.source, 400),
        clean(remedy.caution, 400),
    )
