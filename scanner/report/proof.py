"""What proves a finding: the probe that was sent, the answer, the arrival inside and the hop that let it in. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from scanner.model.finding import Finding
from scanner.model.run import Evidence, PortTable, Run, VantageRecord
from scanner.model.text import say, say_many
from scanner.report.ranges import Ranges, read_ranges
from scanner.report.results import Tag, tags_of
from scanner.report.surroundings import answer_of, arrival_of
from scanner.report.text import clean, one_line
from scanner.report.words import VERDICTS, Place, VerdictWords

Target = tuple[str, str, int]  # address, protocol, port


@dataclass(frozen=True, slots=True)
class Proof:
    """One probe of one vantage. ``hop`` says which device let it in or stopped it, as far as that is known."""

    tag: Tag
    vantage: str
    words: VerdictWords
    probe: str
    answer: str
    arrival: str
    hop: str


def proofs_of(run: Run, findings: Iterable[Finding]) -> dict[Target, tuple[Proof, ...]]:
    """What every vantage saw of the ports that the findings name."""
    wanted: dict[tuple[str, str], set[int]] = {}
    for finding in findings:
        if finding.address and finding.protocol and finding.port:
            wanted.setdefault((finding.address, finding.protocol), set()).add(finding.port)
    tags, vantages = tags_of(run), {vantage.name: vantage for vantage in run.vantages}
    found: dict[Target, list[Proof]] = {}
    for table in run.ports:
        ports = wanted.get((table.address, table.protocol))
        for row in table.evidence if ports else ():
            for port in sorted(port for port in ports or () if _holds(read_ranges(row.ports), port)):
                proof = _proof(table, row, port, tags[table.address], vantages.get(table.vantage))
                found.setdefault((table.address, table.protocol, port), []).append(proof)
    return {target: tuple(rows) for target, rows in found.items()}


def _holds(ranges: Ranges, port: int) -> bool:
    index = bisect_right(ranges, (port, 65_536)) - 1
    return index >= 0 and ranges[index][0] <= port <= ranges[index][1]


def _proof(table: PortTable, row: Evidence, port: int, tag: Tag, vantage: VantageRecord | None) -> Proof:
    return Proof(
        tag,
        one_line(table.vantage, 60),
        VERDICTS[row.verdict],
        _probe(table, port, row.attempts),
        answer_of(row, table.address),
        arrival_of(row),
        _hop(row, vantage),
    )


def _probe(table: PortTable, port: int, attempts: int) -> str:
    address = one_line(table.address, 60)
    if table.protocol == "tcp":
        return say_many(
            "TCP SYN to [{address}]:{port}, sent once",
            "TCP SYN to [{address}]:{port}, sent {count:,} times",
            max(attempts, 1),
            address=address,
            port=port,
        )
    return say_many(
        "UDP datagram to [{address}]:{port}, sent once",
        "UDP datagram to [{address}]:{port}, sent {count:,} times",
        max(attempts, 1),
        address=address,
        port=port,
    )


def _hop(row: Evidence, vantage: VantageRecord | None) -> str:
    if row.reason:
        return clean(row.reason, 300)
    hops = vantage.path if vantage else ()
    router = next((hop for hop in hops if hop.role == "router"), None)
    if router is None:
        return say("the way to the host was not seen")
    if VERDICTS[row.verdict].place is not Place.HOST:
        return say("which hop stopped it is not known")
    address = one_line(router.address or "", 60)
    if address:
        return say("the home router, hop {distance}, {address}, let it in", distance=router.distance, address=address)
    return say("the home router, hop {distance}, let it in", distance=router.distance)
