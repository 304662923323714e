"""Findings as a reader sees them. Pure."""

from dataclasses import dataclass

from scanner.report.cards import Card
from scanner.report.results import Tag
from scanner.report.text import clean, one_line, rfc_link
from scanner.report.words import SEVERITIES, Word


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; ``code`` is what stood between backticks: a command or a setting to be typed."""

    text: str
    code: bool


Passage = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class CardView:
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


def card_views(cards: tuple[Card, ...], tags: dict[str, Tag]) -> tuple[CardView, ...]:
    first: dict[tuple[str, ...], Card] = {}
    return tuple(_view(card, first.setdefault(card.remedy, card), tags) for card in cards)


def _view(card: Card, teacher: Card, tags: dict[str, Tag]) -> CardView:
    """``teacher`` is the first card with the same remedy, often this one."""
    repeated = teacher is not card and bool(card.remedy)
    return CardView(
        severity=card.severity.value,
        word=SEVERITIES[card.severity],
        title=one_line(card.title, 200),
        target="" if card.place in card.title else one_line(card.target, 40),
        rule=one_line(card.rule, 40),
        tags=tuple(tags.get(address, Tag(one_line(address, 60), "")) for address in card.addresses),
        why=tuple(passage(clean(text, 1200)) for text in card.why),
        remedy=() if repeated else tuple(passage(clean(text, 4000)) for text in card.remedy),
        same_as=(teacher.anchor, _named(teacher)) if repeated else None,
        evidence=tuple((", ".join(addresses), clean(text, 600)) for addresses, text in card.evidence),
        standard=one_line(card.standard, 200),
        link=rfc_link(card.standard),
        anchor=card.anchor,
    )


def passage(text: str) -> Passage:
    """``text`` cut at its backticks; where they do not pair up they are only characters."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return (Piece(text, code=False),)
    return tuple(Piece(part, index % 2 == 1) for index, part in enumerate(parts) if part)


def _named(card: Card) -> str:
    return one_line(f"{card.title} ({card.target})" if card.target else card.title, 160)
