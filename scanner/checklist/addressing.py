"""Which address the host uses when it calls out, and which one its names lead to."""

from collections.abc import Iterator

from scanner.checklist.scene import Scene
from scanner.checklist.values import Judged, Status, fail_or_gap
from scanner.findings import privacy
from scanner.findings.words import listed
from scanner.model.address import Kind
from scanner.model.names import Standing
from scanner.model.run import AddressRecord, Run
from scanner.model.run_names import NameEntry
from scanner.model.text import Text, clauses, say

PREFERRED_STANDARD = "RFC 6724 section 5 rule 7; RFC 8981"
NAMES_STANDARD = "RFC 4472 section 2.2; RFC 8981"


def judge_preferred(scene: Scene) -> Judged:
    """By what the kernel chose and what arrived outside; V6X010 adds what the next boot will bring."""
    run = scene.run
    failed: list[str] = [_calls_from(record) for record in _used(run) if record.kind is Kind.TEMPORARY]
    failed += [finding.title for finding in run.findings if finding.rule == privacy.PREFERRED_ON_SERVER]
    stable = [record for record in _used(run) if record.kind is Kind.STABLE]
    gaps: list[str] = [] if stable or failed else [say("the run does not tell from which address the host calls out")]
    status = fail_or_gap(failed, gaps)
    if status is Status.PASS:
        return Judged(status, clauses(map(_calls_from, stable)))
    remedy = (
        say("Host: v6expose privacy set --use-tempaddr 0 --persist (1 keeps them for programs that ask for them).")
        if failed
        else say("Scan again with this version of v6expose, on a host with a way to the IPv6 Internet.")
    )
    return Judged(status, clauses([*failed, *gaps]), remedy)


def _used(run: Run) -> Iterator[AddressRecord]:
    return (record for record in run.addresses if record.used_outbound or record.seen_at)


def _calls_from(record: AddressRecord) -> Text:
    return say(
        "{address} ({kind}) is used for {destinations}",
        address=record.address,
        kind=record.kind.value,
        destinations=listed([*record.used_outbound, *(say("a call to {name}", name=name) for name in record.seen_at)]),
    )


def judge_names(scene: Scene) -> Judged:
    entries = scene.run.names
    failed = [line for entry in entries for line in _temporary(entry)]
    gaps = [line for entry in entries for line in _unknown(entry)]
    if not entries:
        gaps.append(say("no name was looked up in the run"))
    status = fail_or_gap(failed, gaps)
    if status is Status.PASS:
        names = listed([entry.name for entry in entries])
        return Judged(status, say("{names}: no temporary address", names=names))
    remedy = (
        say("DNS: publish the stable address; v6expose names says which one, and what keeps the record.")
        if failed
        else say("Name the host's names to the scan (--name NAME), and see v6expose names.")
    )
    return Judged(status, clauses([*failed, *gaps]), remedy)


def _temporary(entry: NameEntry) -> Iterator[Text]:
    for one in entry.addresses:
        if one.standing is Standing.TEMPORARY:
            yield say("{name} names {address}, a temporary address", name=entry.name, address=one.address)


def _unknown(entry: NameEntry) -> Iterator[Text]:
    if entry.unanswered:
        yield say("{name}: a question stayed unanswered", name=entry.name)
    elif not entry.addresses:
        yield say("{name} has no IPv6 address", name=entry.name)
    for one in entry.addresses:
        if one.standing is Standing.GONE:
            yield say(
                "{name} names {address}, which this host does not have: an old temporary address, or another machine",
                name=entry.name,
                address=one.address,
            )
