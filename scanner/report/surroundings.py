"""What stands around the ports: addresses, listeners, vantages, and the evidence both sides left. Pure."""

from dataclasses import dataclass

from scanner.model.run import AddressRecord, Evidence, PortTable, Run, VantageRecord
from scanner.model.text import capitalised, say
from scanner.report.ranges import listing, read_ranges, size_of
from scanner.report.results import Tag, tags_of
from scanner.report.text import and_more, clean, count, doubt, lifetime, one_line, percent
from scanner.report.words import KINDS, ORIGINS, STATES, VERDICTS, VerdictWords, Word

MOST_EVIDENCE_RANGES = 40


@dataclass(frozen=True, slots=True)
class AddressRow:
    address: str
    where: str
    kind: Word
    state: Word
    origin: Word
    preferred: str
    valid: str
    scanned: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """``outside`` is what came back, ``inside`` what the witness saw arrive."""

    ports: str
    count: str
    words: VerdictWords
    outside: str
    inside: str
    attempts: str
    note: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    tags: tuple[Tag, ...]
    vantage: str
    protocol: str
    rows: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class VantageView:
    """``facts``: (name, value) pairs."""

    name: str
    outside: Word
    evidence: tuple[str, ...]
    doubt: str
    facts: tuple[tuple[str, str], ...]


OUTSIDE: dict[str, Word] = {
    "proven": Word(say("proven to be outside"), "complete"),
    "refuted": Word(say("not outside"), "strange"),
    "unproven": Word(say("not proven to be outside"), "unknown"),
}


def address_rows(run: Run) -> tuple[AddressRow, ...]:
    return tuple(_address(record) for record in run.addresses)


def _address(record: AddressRecord) -> AddressRow:
    return AddressRow(
        one_line(record.address, 60),
        say("/{length} on {interface}", length=record.prefix_length, interface=one_line(record.interface, 40)),
        KINDS[record.kind],
        STATES[record.state],
        ORIGINS[record.origin],
        lifetime(record.preferred_lifetime),
        lifetime(record.valid_lifetime),
        say("scanned") if record.scanned else _not_scanned(record),
    )


def _not_scanned(record: AddressRecord) -> str:
    return say("not scanned: {why}", why=one_line(record.why_not_scanned) or say("no reason given"))


def evidence_views(run: Run) -> tuple[EvidenceView, ...]:
    """Evidence by vantage and protocol; addresses whose evidence is word for word the same share a table."""
    tags = tags_of(run)
    alike: dict[tuple[str, str, tuple[EvidenceRow, ...]], list[Tag]] = {}
    for table in run.ports:
        rows = tuple(_evidence(row, table) for row in table.evidence)
        if rows:
            alike.setdefault((table.vantage, table.protocol, rows), []).append(tags[table.address])
    return tuple(
        EvidenceView(tuple(found), one_line(vantage), protocol.upper(), rows)
        for (vantage, protocol, rows), found in alike.items()
    )


def _evidence(row: Evidence, table: PortTable) -> EvidenceRow:
    ranges = read_ranges(row.ports)
    shown, left_off = listing(ranges, MOST_EVIDENCE_RANGES)
    return EvidenceRow(
        and_more(shown, left_off),
        f"{size_of(row.ports):,}",
        VERDICTS[row.verdict],
        answer_of(row, table.address),
        arrival_of(row),
        str(row.attempts),
        clean(row.reason, 300),
    )


def answer_of(row: Evidence, target: str) -> str:
    """What came back outside."""
    if row.responder is None:
        return one_line(row.answer, 60)
    who = say("the address itself") if row.responder == target else one_line(row.responder, 60)
    return _hop_limit(say("{answer} from {who}", answer=one_line(row.answer, 60), who=who), row.hop_limit)


def arrival_of(row: Evidence) -> str:
    """What the witness saw inside."""
    if row.arrived is None:
        return say("nobody watched")
    if not row.arrived:
        return say("never arrived")
    arrived = say("arrived")
    if row.neighbour:
        arrived = say("arrived by way of {neighbour}", neighbour=one_line(row.neighbour, 40))
    return _hop_limit(arrived, row.arrival_hop_limit)


def _hop_limit(told: str, limit: int | None) -> str:
    return told if limit is None else say("{told}, hop limit {limit}", told=told, limit=limit)


def vantage_views(run: Run) -> tuple[VantageView, ...]:
    return tuple(_vantage(vantage, run.run.witness) for vantage in run.vantages)


def _vantage(vantage: VantageRecord, watched: bool) -> VantageView:  # noqa: FBT001
    facts = (
        (say("Reached by"), one_line(vantage.spec, 200)),
        (say("Its addresses"), ", ".join(one_line(address, 60) for address in vantage.addresses) or say("none seen")),
        (
            say("Raw sockets"),
            say("yes") if vantage.privileged else say("no: connect() only, so hop limits and some answers are unseen"),
        ),
        ("nmap", one_line(vantage.nmap, 80) if vantage.nmap else say("not used")),
        (say("Controls"), controls(vantage)),
        (
            say("Probes"),
            say(
                "{packets}, {rate:,.0f} a second on average",
                packets=count(vantage.probes_sent, "packet"),
                rate=vantage.rate,
            ),
        ),
        (say("Capture"), _capture(vantage.capture_dropped) if watched else say("nobody watched inside")),
        (
            say("Late refusals"),
            say("seen: the router refuses after some seconds (RFC 6092 REC-34)")
            if vantage.late_rejects
            else say("none"),
        ),
    )
    return VantageView(
        one_line(vantage.name, 80),
        OUTSIDE[vantage.outside.verdict],
        tuple(clean(line, 300) for line in vantage.outside.evidence),
        _sentence(sureness(vantage)),
        facts,
    )


def sureness(vantage: VantageRecord) -> str:
    """How far the word "blocked" from this vantage may be believed."""
    if vantage.outside.verdict == "refuted":
        return say("it does not stand outside, so what it calls blocked says nothing about strangers")
    return doubt(vantage.false_blocked_bound)


def controls(vantage: VantageRecord) -> str:
    """How the probes that must pass fared: they measure loss."""
    if not vantage.controls_sent:
        return say("none were sent, so loss is not known")
    lost = (
        say("loss could not be measured") if vantage.loss is None else say("{share} lost", share=percent(vantage.loss))
    )
    return say(
        "{seen:,} of {sent:,} came through, {lost}", seen=vantage.controls_seen, sent=vantage.controls_sent, lost=lost
    )


def _capture(dropped: int) -> str:
    if not dropped:
        return say("the witness missed nothing")
    return say("the witness missed {packets}", packets=count(dropped, "packet"))


def _sentence(text: str) -> str:
    return say("{text}.", text=capitalised(text))
