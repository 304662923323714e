"""One match of ``nft -j`` (libnftables-json(5)) -> values. Pure; what is not understood becomes ``Unclear``."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from scanner.hostwall.fields import ADDRESSES, BITS, PORTS, PROTOCOLS, WORDS
from scanner.hostwall.values import (
    Field,
    Interface,
    Lookup,
    Masked,
    Match,
    Never,
    Range,
    Unclear,
    WayBack,
    Within,
    merged,
)

HIGHEST = (1 << 128) - 1
LONGEST = 120  # characters of JSON shown for what is not understood
NOT_IPV6 = frozenset({"ip", "icmp", "igmp", "arp"})
# JSON that is not as libnftables-json(5) says, or says what this reader does not know
MISREAD = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)
META = {
    "l4proto": Field.PROTOCOL,
    "nfproto": Field.FAMILY,
    "protocol": Field.ETHER_TYPE,
}
CONNECTION = {
    "state": Field.STATE,
    "status": Field.STATUS,
    "direction": Field.DIRECTION,
}
ADDRESS_HEADER = {"saddr": Field.SOURCE, "daddr": Field.TARGET, "nexthdr": Field.PROTOCOL}
PORT_HEADER = {"sport": Field.SOURCE_PORT, "dport": Field.TARGET_PORT}
TRANSPORTS = ("tcp", "udp", "th")

SetEntries = Sequence[Any]
Sets = Callable[[str], SetEntries]  # name without the @ -> its entries; raises ValueError for one that changes


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: a field, maybe under a mask, or the incoming interface (``field`` None)."""

    field: Field | None
    needs: tuple[Match, ...] = ()
    mask: int | None = None


def words_of(value: Any) -> str:
    """A piece of JSON, short enough for a sentence."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = "an expression"
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def read_match(value: Any, sets: Sets) -> tuple[Match, ...]:
    """The matches that ``{"op", "left", "right"}`` amounts to, all of which must hold. Never raises."""
    try:
        return _read_match(value["op"], value["left"], value["right"], sets)
    except MISREAD:
        return (Unclear(words_of(value)),)


def read_keys(key: Any, entries: SetEntries, sets: Sets) -> tuple[tuple[Match, ...], tuple[tuple[Match, ...], ...]]:
    """What a look-up by ``key`` needs, and one row of matches an entry. Raises one of MISREAD."""
    parts = key["concat"] if isinstance(key, dict) and "concat" in key else [key]
    subjects: list[Subject] = []
    needs: list[Match] = []
    for part in parts:
        found = subject(part)
        if isinstance(found, Never):
            return (found,), ()
        if not isinstance(found, Subject):
            raise ValueError(words_of(part))  # noqa: TRY004  (a value that is not understood)
        subjects.append(found)
        needs += found.needs
    return tuple(needs), tuple(_row(subjects, _bare(entry), sets) for entry in entries)


def _row(subjects: Sequence[Subject], entry: Any, sets: Sets) -> tuple[Match, ...]:
    if len(subjects) == 1:
        return (compare(subjects[0], "==", entry, sets),)
    values = entry["concat"]
    return tuple(compare(one, "==", value, sets) for one, value in zip(subjects, values, strict=True))


def _read_match(op: str, left: Any, right: Any, sets: Sets) -> tuple[Match, ...]:
    if isinstance(left, dict) and "concat" in left:
        needs, rows = read_keys(left, _entries(right, sets), sets)
        return (*needs, Lookup(rows, negated=_negated(op)))
    if isinstance(left, dict) and "fib" in left:
        return _fib(op, left["fib"], right, sets)
    if isinstance(left, dict) and "exthdr" in left:
        return _header(op, left["exthdr"], right)
    found = subject(left)
    if not isinstance(found, Subject):
        return (found,)
    return (*found.needs, compare(found, op, right, sets))


def _negated(op: str) -> bool:
    if op not in ("==", "!=", "in"):
        raise ValueError(op)
    return op == "!="


def _entries(right: Any, sets: Sets) -> SetEntries:
    if isinstance(right, str) and right.startswith("@"):
        return sets(right[1:])
    if isinstance(right, dict) and "set" in right:
        entries: SetEntries = right["set"]
        return entries
    return [right]


def subject(left: Any) -> Subject | Match:
    """What the left side looks at; a match at once where that alone decides."""
    if not isinstance(left, dict) or len(left) != 1:
        return Unclear(words_of(left))
    ((kind, value),) = left.items()
    reader = SUBJECTS.get(kind)
    return reader(value) if reader else Unclear(words_of(left))


def _meta(value: Any) -> Subject | Match:
    key = value["key"]
    if key in ("iifname", "iif"):
        return Subject(None)
    return Subject(META[key]) if key in META else Unclear(f"meta {key}")


def _connection(value: Any) -> Subject | Match:
    key = value["key"]
    if key not in CONNECTION or "dir" in value:
        return Unclear(f"ct {key}")
    return Subject(CONNECTION[key])


def _payload(value: Any) -> Subject | Match:
    protocol, name = value.get("protocol"), value.get("field")
    if protocol == "ip6" and name in ADDRESS_HEADER:
        return Subject(ADDRESS_HEADER[name])
    if protocol in NOT_IPV6:
        return Never(f"{protocol} {name}")
    if protocol in TRANSPORTS and name in PORT_HEADER:
        return Subject(PORT_HEADER[name], _needs(protocol))
    if protocol == "tcp" and name == "flags":
        return Subject(Field.TCP_FLAGS, _needs(protocol))
    if protocol in PROTOCOLS and protocol not in TRANSPORTS:
        return Never(f"{protocol} {name}")
    return Unclear(words_of({"payload": value}))


def _needs(protocol: str) -> tuple[Match, ...]:
    """nft leaves out what a field implies: ``tcp dport`` looks at TCP only."""
    number = PROTOCOLS.get(protocol)
    return (Within(Field.PROTOCOL, ((number, number),)),) if number is not None else ()


def _header(op: str, header: Any, right: Any) -> tuple[Match, ...]:
    """The probes carry no extension header: it neither exists nor has a field that could be compared."""
    asks_for_none = "field" not in header and isinstance(right, bool) and right == _negated(op)
    return () if asks_for_none else (Never(f"exthdr {header['name']}"),)


def _under_mask(value: Any) -> Subject | Match:
    inner, mask = value
    found = subject(inner)
    if not isinstance(found, Subject):
        return found
    if found.field is None or found.field in PORTS or found.mask is not None:
        return Unclear(words_of({"&": value}))
    return replace(found, mask=_number(found.field, mask))


SUBJECTS: Mapping[str, Callable[[Any], Subject | Match]] = {
    "meta": _meta,
    "ct": _connection,
    "payload": _payload,
    "&": _under_mask,
}


def _fib(op: str, fib: Any, right: Any, sets: Sets) -> tuple[Match, ...]:
    """nft(8), FIB EXPRESSIONS: the type of an address, or by which interface it is reached."""
    flags = set(fib["flags"])
    if fib["result"] == "type" and "daddr" in flags and flags <= {"daddr", "iif"}:
        return (compare(Subject(Field.TARGET_TYPE), op, right, sets),)
    if fib["result"] not in ("oif", "oifname") or "saddr" not in flags or flags - {"saddr", "iif", "mark"}:
        return (Unclear(words_of({"fib": fib})),)
    return (_way_back(op, right, by_same="iif" in flags),)


def _way_back(op: str, right: Any, *, by_same: bool) -> Match:
    if isinstance(right, bool):
        exists = right != _negated(op)
        # With iif, a way back by another interface counts as none.
        return WayBack("", negated=not exists) if by_same else Unclear(words_of({"fib oif": right}))
    return Unclear(words_of({"fib oif": right})) if by_same else WayBack(str(right), negated=_negated(op))


def compare(one: Subject, op: str, right: Any, sets: Sets) -> Match:
    """One subject with one right side. Raises one of MISREAD for what is not understood."""
    if one.field is None:
        return Interface(tuple(_name(entry) for entry in _entries(right, sets)), negated=_negated(op))
    if one.field in BITS or one.mask is not None:
        return _bits(one.field, one.mask, op, right, sets)
    if op in LIMITS:
        return Within(one.field, LIMITS[op](_number(one.field, right)))
    ranges = [pair for entry in _entries(right, sets) for pair in _ranges(one.field, _bare(entry))]
    return Within(one.field, merged(ranges), negated=_negated(op))


LIMITS: Mapping[str, Callable[[int], tuple[Range, ...]]] = {
    "<": lambda n: ((0, n - 1),) if n else (),
    "<=": lambda n: ((0, n),),
    ">": lambda n: ((n + 1, HIGHEST),),
    ">=": lambda n: ((n, HIGHEST),),
}


def _bits(field: Field, mask: int | None, op: str, right: Any, sets: Sets) -> Match:
    every = HIGHEST if mask is None else mask
    if op == "in" and not (isinstance(right, dict) and "set" in right):  # any of these bits
        return Masked(field, _number(field, right) & every, (0,), negated=True)
    if isinstance(right, list) and op == "!=":
        raise ValueError("a list of flags under != may mean none of them or not exactly these")
    values = tuple(_number(field, _bare(entry)) for entry in _entries(right, sets))
    return Masked(field, every, values, negated=_negated(op))


def _bare(entry: Any) -> Any:
    """A set's element without its timeout, counter and comment."""
    return entry["elem"]["val"] if isinstance(entry, dict) and "elem" in entry else entry


def _name(entry: Any) -> str:
    entry = _bare(entry)
    if not isinstance(entry, str):  # an interface that is gone is listed by its number
        raise TypeError(entry)
    return entry


def _ranges(field: Field, value: Any) -> tuple[Range, ...]:
    if isinstance(value, dict) and "range" in value:
        low, high = value["range"]
        return ((_number(field, low), _number(field, high)),)
    if isinstance(value, dict) and "prefix" in value:
        prefix = value["prefix"]
        network = IPv6Network((str(prefix["addr"]), int(prefix["len"])), strict=False)
        return ((int(network.network_address), int(network.broadcast_address)),)
    number = _number(field, value)
    return ((number, number),)


def _number(field: Field, value: Any) -> int:
    if isinstance(value, bool) or value is None:
        raise TypeError(value)
    if isinstance(value, int):
        return value
    if isinstance(value, list) or (isinstance(value, dict) and "|" in value):
        parts = value if isinstance(value, list) else value["|"]
        return _either([_number(field, part) for part in parts], field)
    text = str(value).lower() if isinstance(value, str) else str(int(value))
    if field in ADDRESSES:
        return int(IPv6Address(text))
    if field in WORDS and text in WORDS[field]:
        return WORDS[field][text]
    return int(text, 0)


def _either(numbers: Sequence[int], field: Field) -> int:
    if field not in BITS:
        raise ValueError(field)
    total = 0
    for number in numbers:
        total |= number
    return total
