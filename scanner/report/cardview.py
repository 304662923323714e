"""Findings as a reader sees them. Pure."""

import re
from dataclasses import dataclass, replace

from scanner.language import SOURCE
from scanner.model.finding import Finding
from scanner.model.run import Run
from scanner.model.text import say
from scanner.report.cards import Card
from scanner.report.fixview import FixText, by_router, host_fixes
from scanner.report.proof import Proof, Target, proofs_of
from scanner.report.results import Tag, tags_of
from scanner.report.text import clean, moment, one_line, rfc_link
from scanner.report.words import SEVERITIES, Word


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; ``code`` is what stood between backticks: a command or a setting to be typed."""

    text: str
    code: bool


Passage = tuple[Piece, ...]
_SPOT = re.compile("[0-9a-f]{16}")
WHOLE_HOST = "host"  # the kind of address of a finding that is about none


@dataclass(frozen=True, slots=True)
class CardView:
    """``kinds`` are those of the addresses, for the filter; ``seen`` says since when, "" where no earlier run is known.
    ``spots`` are fingerprints under which other documents link to it; ``recheck`` are commands that ask again for this
    alone.
    """

    severity: str
    word: Word
    title: str
    target: str
    rule: str
    tags: tuple[Tag, ...]
    why: tuple[Passage, ...]
    remedy: tuple[Passage, ...]
    same_as: tuple[str, str] | None  # (anchor, title) of an earlier card with this remedy, which is then not repeated
    evidence: tuple[tuple[str, str], ...]
    standard: str
    link: str
    anchor: str
    spots: tuple[str, ...]
    kinds: tuple[str, ...]
    proofs: tuple[Proof, ...]
    seen: str
    recheck: tuple[str, ...]
    on_router: bool
    on_host: tuple[FixText, ...]


def card_views(cards: tuple[Card, ...], run: Run, language: str = SOURCE) -> tuple[CardView, ...]:
    first: dict[tuple[str, ...], Card] = {}
    tags, proofs = tags_of(run), proofs_of(run, (finding for card in cards for finding in card.findings))
    views = tuple(_view(card, first.setdefault(card.remedy, card), tags, proofs, run, language) for card in cards)
    taken: set[str] = set()
    return tuple(replace(view, spots=_untaken(view.spots, taken)) for view in views)


def _untaken(spots: tuple[str, ...], taken: set[str]) -> tuple[str, ...]:
    """An HTML id stands once in a page, and a document from elsewhere may hold anything."""
    free = tuple(spot for spot in spots if _SPOT.fullmatch(spot) and spot not in taken)
    taken.update(free)
    return free


def _view(
    card: Card, teacher: Card, tags: dict[str, Tag], proofs: dict[Target, tuple[Proof, ...]], run: Run, language: str
) -> CardView:
    """``teacher`` is the first card with the same remedy, often this one."""
    repeated = teacher is not card and bool(card.remedy)
    fingerprints = tuple(dict.fromkeys(one_line(finding.fingerprint, 64) for finding in card.findings))
    shown = tuple(tags.get(address, Tag(one_line(address, 60), "")) for address in card.addresses)
    return CardView(
        severity=card.severity.value,
        word=SEVERITIES[card.severity],
        title=one_line(card.title, 200),
        target="" if card.place in card.title else one_line(card.target, 40),
        rule=one_line(card.rule, 40),
        tags=shown,
        why=tuple(passage(clean(text, 1200)) for text in card.why),
        remedy=() if repeated else tuple(passage(clean(text, 4000)) for text in card.remedy),
        same_as=(teacher.anchor, _named(teacher)) if repeated else None,
        evidence=tuple((", ".join(addresses), clean(text, 600)) for addresses, text in card.evidence),
        standard=one_line(card.standard, 200),
        link=rfc_link(card.standard),
        anchor=card.anchor,
        spots=fingerprints,
        kinds=_kinds(card, run),
        proofs=tuple(proof for finding in card.findings for proof in proofs.get(_target(finding), ())),
        seen=_seen(card, run),
        recheck=tuple(f"v6expose recheck {fingerprint}" for fingerprint in fingerprints if fingerprint),
        on_router=by_router(card.findings[0]),
        on_host=host_fixes(run, card.findings[0], language),
    )


def _kinds(card: Card, run: Run) -> tuple[str, ...]:
    kinds = {record.kind.value for record in run.addresses if record.address in card.addresses}
    return tuple(sorted(kinds)) or (WHOLE_HOST,)


def _target(finding: Finding) -> Target:
    return finding.address or "", finding.protocol or "", finding.port or 0


def _seen(card: Card, run: Run) -> str:
    firsts = [finding.first_seen for finding in card.findings if finding.first_seen]
    if not firsts:
        return ""
    first = min(firsts)
    if first >= run.run.started_at:
        return say("New in this run")
    lasts = [finding.last_seen for finding in card.findings if finding.last_seen]
    if not lasts:
        return say("First seen {first}", first=moment(first))
    return say("First seen {first}, last seen before this run {last}", first=moment(first), last=moment(max(lasts)))


def passage(text: str) -> Passage:
    """``text`` cut at its backticks; where they do not pair up they are only characters."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return (Piece(text, code=False),)
    return tuple(Piece(part, index % 2 == 1) for index, part in enumerate(parts) if part)


def _named(card: Card) -> str:
    told = not card.target or card.place in card.title
    return one_line(card.title if told else f"{card.title} ({card.target})", 160)
