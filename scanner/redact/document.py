"""A run -> the same run under pseudonyms. Every string of it is looked at, whatever field it stands in."""

import dataclasses
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeVar

from scanner.model.run import Run
from scanner.model.run_names import NameEntry
from scanner.model.text import Text, TextRecord
from scanner.redact.addresses import Pseudonyms
from scanner.redact.words import Redactor, bare_digits

Value = TypeVar("Value")
# Say nothing about anybody, and must stay as they are: digests of roles and rules, versions, ids made of times.
UNTOUCHED = {"fingerprint", "schema", "version", "id", "rule", "standard"}
# What a host may be called that is also a word of every report: in a sentence it is no name.
COMMON = frozenset(
    {"address", "addresses", "dns", "firewall", "home", "host", "internet", "ipv6", "lan", "linux", "localhost", "name"}
    | {"nas", "network", "outside", "port", "printer", "proxy", "router", "server", "service", "vantage", "wan", "web"}
)
SSH, NETNS = "ssh:", "netns:"


def redacted(run: Run, key: bytes) -> Run:
    """Addresses, MACs and names become pseudonyms; the same ``key`` gives the same ones."""
    result = beside(run, run, key)
    numbered = tuple(
        dataclasses.replace(vantage, name=f"vantage-{number}", spec=_spec(vantage.spec, number))
        for number, vantage in enumerate(result.vantages, 1)
    )
    return dataclasses.replace(result, host=dataclasses.replace(result.host, name="host-1"), vantages=numbered)


def beside(value: Value, run: Run, key: bytes) -> Value:
    """What is said elsewhere about ``run``, with the pseudonyms that ``redacted(run, key)`` has."""
    pseudonyms = Pseudonyms(key)
    names = _names(run)
    for text in _strings(run if value is run else (run, value)):
        names |= dict(bare_digits(text, pseudonyms))
    in_words = {name: instead for name, instead in names.items() if name.lower() not in COMMON}
    return _walk(value, Redactor(pseudonyms, in_words, names))


def _names(run: Run) -> dict[str, str]:
    """What is known by name, and its pseudonym."""
    names: dict[str, str] = {}
    for number, vantage in enumerate(run.vantages, 1):
        for name in (vantage.spec, *_parts(vantage.spec), vantage.name):
            names.setdefault(name, f"vantage-{number}")
    for name in (run.host.name, run.host.name.partition(".")[0]):
        names.setdefault(name, "host-1")
    domains = [*(run.host.default_router.search_domains if run.host.default_router else ()), *_dns(run.names)]
    for name in dict.fromkeys(domain.rstrip(".") for domain in domains):
        names.setdefault(name, f"name-{len(names) + 1}.example")
    return {name: instead for name, instead in names.items() if name}


def _dns(entries: tuple[NameEntry, ...]) -> Iterator[str]:
    for entry in entries:
        yield from (entry.name, entry.zone)
        for answer in (*entry.answers, *entry.pointers):
            yield from (name for name in (*answer.names, answer.alias) if name)


def _parts(spec: str) -> tuple[str, ...]:
    """What else a SPEC may be called by."""
    if spec.startswith(SSH):
        place = spec.removeprefix(SSH)
        host = place.rpartition("@")[2]
        return (place, host, host.rpartition(":")[0] or host)
    return (spec.removeprefix(NETNS),) if spec.startswith(NETNS) else ()


def _spec(spec: str, number: int) -> str:
    kind = spec.partition(":")[0] if ":" in spec else "exec"
    return f"{kind}:vantage-{number}"


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, Enum):
        return
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from _strings(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _strings(key)
            yield from _strings(one)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _strings(one)


def _walk(value: Value, redact: Redactor) -> Value:
    """The same tree with every string redacted; enum members are words of ours."""
    changed: Any = value
    if isinstance(value, Enum):
        return value
    if isinstance(value, Text):
        changed = Text(redact(value), _walk(value.record, redact))
    elif isinstance(value, str):
        changed = redact(value)
    elif isinstance(value, TextRecord):  # its message is ours and holds nobody's address; translators look it up
        parameters, items = _walk(value.parameters, redact), _walk(value.items, redact)
        changed = dataclasses.replace(value, parameters=parameters, items=items)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (one.name for one in dataclasses.fields(value) if one.name not in UNTOUCHED)
        changed = dataclasses.replace(value, **{name: _walk(getattr(value, name), redact) for name in fields})
    elif isinstance(value, Mapping):
        changed = {_walk(key, redact): _walk(one, redact) for key, one in value.items()}
    elif isinstance(value, tuple):
        changed = tuple(_walk(one, redact) for one in value)
    return changed  # type: ignore[no-any-return]
