"""The policy file's text becomes a Policy, or every mistake in it is told at once: file, line, what, remedy."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from scanner.model.catalogue import PROTOCOLS
from scanner.model.errors import InputError, InputErrors
from scanner.model.ports import PortSet
from scanner.model.settings import Profile
from scanner.model.text import say
from scanner.policy import tables
from scanner.policy.contradictions import contradictions
from scanner.policy.locate import Path, locate
from scanner.policy.tables import Complaint, Table
from scanner.policy.values import EXCEPTIONS, FACTS, SWITCHES, UNLISTED, AddressRole, Allow, Policy, Require, Waiver

_DOCUMENT_KEYS = ("host", "allow", "require", "waive")
_ALLOW_KEYS = ("protocol", "ports", "address", "from", "must_answer", "reason")
_REQUIRE_KEYS = (*FACTS, "profile", *EXCEPTIONS, "may_stay_untried")
_WAIVE_KEYS = ("item", "reason", "until")
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_PORT = re.compile(r"(tcp|udp)/(\d{1,5})")
LARGEST = 1 << 20  # characters; a policy has some dozens of lines


def parse_policy(text: str, source: str, host: str | None = None) -> Policy:
    """``source`` names the file; ``host`` is the one it has to be for, None where that does not matter. Raises
    InputErrors: each says file:line, what is wrong, and what to do.
    """
    document, lines = _read(text, source)
    complaints: list[Complaint] = []
    top = Table("", (), document, lines, complaints)
    top.refuse_unknown(_DOCUMENT_KEYS)
    policy = Policy(
        allow=tuple(filter(None, map(_allow, _tables(top, "allow")))),
        require=_require(top),
        waive=tuple(filter(None, map(_waiver, _tables(top, "waive")))),
        host=top.take("host", "", tables.some_text).strip(),
        source=source,
        host_line=lines.get(("host",), 0),
    )
    complaints += contradictions(policy)
    if host is not None and not policy.is_for(host):
        complaints.append(_other_host(policy, host))
    if complaints:
        raise InputErrors(_told(complaints, source))
    return policy


def parse_item(text: str) -> str:
    """The name of a checklist item that can be waived: a fact, or ``tcp/445``. Raises InputError."""
    match = _PORT.fullmatch(text)
    if match:
        return f"{match[1]}/{PortSet.parse(match[2])}"
    known = (*FACTS, *UNLISTED.values())
    if text not in known:
        raise InputError(
            say("is {text!r}", text=text[:60]), say("use tcp/PORT, udp/PORT or one of {known}", known=", ".join(known))
        )
    return text


def _other_host(policy: Policy, host: str) -> Complaint:
    return Complaint(
        policy.host_line,
        say("this policy is for host {wanted!r}, and this is {host!r}", wanted=policy.host, host=host),
        say('give the policy of this host, or write host = "{host}" if it is meant for it', host=host),
    )


def _read(text: str, source: str) -> tuple[dict[str, Any], dict[Path, int]]:
    if len(text) > LARGEST:
        raise InputError(
            say("{source}:1: the policy is longer than {largest:,} characters", source=source, largest=LARGEST),
            say("give the right file"),
        )
    try:
        return tomllib.loads(text), locate(text)
    except ValueError as error:  # TOMLDecodeError, and int() on a number of absurd length
        message = str(error)
        at = _AT.search(message)
        line = at[1] if at and at[1] else text.count("\n") + 1 if at else 1
        message = message[: at.start()] if at else message
        raise InputError(
            say("{source}:{line}: not TOML: {message}", source=source, line=line, message=message),
            say("mend that line"),
        ) from error
    except RecursionError as error:
        raise InputError(
            say("{source}:1: nested too deeply", source=source), say("write flat [[allow]] tables")
        ) from error


def _told(complaints: Iterable[Complaint], source: str) -> list[InputError]:
    in_order = sorted(complaints, key=lambda complaint: complaint.line)
    return [
        InputError(say("{source}:{line}: {message}", source=source, line=one.line, message=one.message), one.remedy)
        for one in in_order
    ]


def _tables(top: Table, key: str) -> Iterator[Table]:
    """The elements of ``[[key]]``."""
    entries = top.values.get(key, [])
    if not (isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)):
        top.complain(key, say("{key} is no list of tables", key=key), say("write {sample}", sample=f"[[{key}]]"))
        return
    for number, entry in enumerate(entries):
        yield Table(f"[[{key}]]", (key, number), entry, top.lines, top.complaints)


def _allow(table: Table) -> Allow | None:
    table.refuse_unknown(_ALLOW_KEYS)
    protocol = table.need("protocol", tables.one_of(PROTOCOLS), 'protocol = "tcp"')
    ports = table.need("ports", tables.ports, 'ports = "22,443"')
    role = table.take("address", AddressRole.ANY, tables.one_of(AddressRole))
    vantages: tuple[str, ...] = table.take("from", (), tables.names)
    must_answer = table.take("must_answer", False, tables.switch)  # noqa: FBT003 - the default
    reason = table.take("reason", "", tables.text)
    if protocol is None or ports is None:
        return None
    return Allow(protocol, ports, role, reason, vantages, must_answer, table.line())


def _require(top: Table) -> Require:
    values = top.values.get("require", {})
    if not isinstance(values, dict):
        top.complain("require", say("{key} is no table", key="require"), say("write {sample}", sample="[require]"))
        return Require()
    table = Table("[require]", ("require",), values, top.lines, top.complaints)
    table.refuse_unknown(_REQUIRE_KEYS)
    default = Require()
    switches: dict[str, Any] = {fact: table.take(fact, getattr(default, fact), tables.switch) for fact in SWITCHES}
    exceptions: dict[str, Any] = {key: table.take(key, PortSet(), tables.ports) for key in EXCEPTIONS}
    return Require(
        **switches,
        **exceptions,
        vantages_proven_outside=table.take("vantages_proven_outside", 0, tables.whole_number),
        false_blocked_at_most=table.take("false_blocked_at_most", None, tables.probability),
        profile=table.take("profile", default.profile, tables.one_of(Profile)),
        may_stay_untried=table.take("may_stay_untried", (), tables.words),
        lines={key: table.line(key) for key in values},
    )


def _waiver(table: Table) -> Waiver | None:
    table.refuse_unknown(_WAIVE_KEYS)
    item = table.need("item", _item, 'item = "tcp/445"')
    reason = table.need("reason", tables.some_text, 'reason = "..."')
    until: date | None = table.need("until", tables.day, "until = 2026-12-31")
    if item is None or reason is None or until is None:
        return None
    return Waiver(item, reason, until, table.line())


def _item(raw: Any) -> str:
    return parse_item(tables.text(raw))
