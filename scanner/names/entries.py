"""A name as the run document and ``v6expose names --json`` have it. Pure."""

from collections.abc import Iterable
from dataclasses import fields

from scanner.findings.published import Published, compare
from scanner.model.address import Inventory
from scanner.model.names import Answer, NameRecord
from scanner.model.run_names import NameAddress, NameAnswer, NameEntry, NameKeeper


def entry_of(record: NameRecord, inventory: Inventory, pointers: Iterable[Answer] = ()) -> NameEntry:
    """``pointers``: PTR answers, of which those about addresses of this name are kept."""
    published = compare(record, inventory)
    own = {one.ip.reverse_pointer for one in published if one.own is not None}
    return NameEntry(
        name=record.name,
        zone=record.zone,
        unanswered=record.unanswered,
        addresses=tuple(address_of(one) for one in published),
        answers=tuple(answer_of(answer) for answer in record.answers),
        kept_by=tuple(
            NameKeeper(one.client, one.path, one.line, one.method, one.setting) for one in record.publications
        ),
        problems=record.problems,
        pointers=tuple(answer_of(answer) for answer in pointers if answer.question in own),
    )


def address_of(published: Published) -> NameAddress:
    own = published.own
    return NameAddress(
        address=str(published.ip),
        standing=published.standing,
        interface=own.interface if own else None,
        preferred_lifetime=own.preferred_lifetime if own else None,
        valid_lifetime=own.valid_lifetime if own else None,
        ttl=published.ttl,
        everywhere=published.everywhere,
    )


def answer_of(answer: Answer) -> NameAnswer:
    texts = {"server": str(answer.server), "addresses": tuple(map(str, answer.addresses))}
    return NameAnswer(**{one.name: texts.get(one.name, getattr(answer, one.name)) for one in fields(NameAnswer)})
