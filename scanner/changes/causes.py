"""Why a finding is new, changed or gone, as far as both runs can tell. The strongest cause comes first."""

from collections.abc import Iterator

from scanner.changes.around import PROTOCOLS, Around
from scanner.changes.measured import Measured, is_loopback
from scanner.changes.roles import roles
from scanner.model.address import Listener
from scanner.model.finding import Finding
from scanner.model.history import Cause, CauseKind, Turn
from scanner.model.run import ServiceRecord
from scanner.model.text import say
from scanner.model.verdict import PASSED, Verdict

_BY_ROUTER = frozenset({Verdict.ROUTER_DROPPED, Verdict.ROUTER_REJECTED})
_BY_UPSTREAM = frozenset({Verdict.UPSTREAM_DROPPED, Verdict.UPSTREAM_REJECTED})
_BY_HOST = frozenset({Verdict.HOST_DROPPED, Verdict.HOST_REJECTED})
# docs/findings.md: rules about what the path lets in, and about who looked
_OF_THE_ROUTER = frozenset({"V6X002", "V6X003", "V6X004", "V6X005", "V6X006", "V6X007", "V6X018", "V6X019"})
_OF_THE_VANTAGES = frozenset({"V6X008", "V6X009", "V6X020"})
_LESS_WAS_ASKED = frozenset({CauseKind.NOT_ASKED, CauseKind.SETTINGS_CHANGED, CauseKind.VANTAGE_CHANGED})
_ANSWERS_STRANGERS = "V6X001"
_ANSWERS = frozenset({Verdict.OPEN, Verdict.OPEN_FILTERED})


def causes_of(
    turn: Turn, finding: Finding, before: Finding | None, old: Measured, new: Measured, around: Around
) -> tuple[Cause, ...]:
    """For CHANGED: what changed; none means that nothing did."""
    if turn is Turn.CHANGED and before is not None:
        return tuple(_differences(finding, before, old, new))
    if finding.protocol and finding.port is not None and finding.address:
        return tuple(_of_door(turn, finding, finding.protocol, finding.port, old, new, around)) or around.programs
    return tuple(_of_host(turn, finding, old, new, around)) or around.programs


def _of_host(turn: Turn, finding: Finding, old: Measured, new: Measured, around: Around) -> Iterator[Cause]:
    """Of a finding that is about no single port."""
    if turn is Turn.UNKNOWN:
        yield from (one for one in around.notes if one.kind in _LESS_WAS_ASKED)
        return
    if finding.rule in _OF_THE_ROUTER:
        protocols = (finding.protocol,) if finding.protocol else PROTOCOLS
        yield from (one for protocol in protocols for one in around.defaults.get(protocol, ()))
        yield from around.replaced
    if finding.rule in _OF_THE_ROUTER | _OF_THE_VANTAGES:
        yield from around.vantages
    there, here = (old, new) if turn is Turn.NEW else (new, old)
    role = roles(here.run).get(finding.address or "")
    if role and role not in roles(there.run).values():
        yield _of_address(turn, finding)


def _of_address(turn: Turn, finding: Finding) -> Cause:
    if turn is Turn.NEW:
        return Cause(CauseKind.ADDRESS_APPEARED, say("The address {address} is new.", address=finding.address))
    message = say("The address {address} is gone, and none of its kind is left.", address=finding.address)
    return Cause(CauseKind.ADDRESS_GONE, message)


def _of_door(
    turn: Turn, finding: Finding, protocol: str, port: int, old: Measured, new: Measured, around: Around
) -> Iterator[Cause]:
    there, here = (old, new) if turn is Turn.NEW else (new, old)  # where it is not found, where it is
    role = roles(here.run).get(finding.address or "", "")
    if role not in roles(there.run).values():
        yield _of_address(turn, finding)
        return
    verdicts = there.verdicts(role, protocol, port)
    if not verdicts:
        yield Cause(CauseKind.NOT_ASKED, _not_asked(turn, protocol, port))
        return
    if turn is Turn.UNKNOWN:
        message = say("{protocol}/{port} could not be measured this time.", protocol=protocol, port=port)
        yield Cause(CauseKind.NOT_ASKED, message)
        return
    if finding.rule == _ANSWERS_STRANGERS:
        same = finding.address if finding.address in roles(there.run) else None
        yield from _of_policy(turn, protocol, port, there.verdicts(role, protocol, port, same), there)
    yield from _of_listener(turn, protocol, port, old, new)
    yield from _of_filter(turn, protocol, port, verdicts, around)
    saw = here.vantages_that_saw(role, protocol, port, _ANSWERS)
    if saw and saw.isdisjoint(vantage.name for vantage in there.run.vantages):
        yield from around.vantages


def _not_asked(turn: Turn, protocol: str, port: int) -> str:
    if turn is Turn.NEW:
        return say("The earlier run did not ask {protocol}/{port}.", protocol=protocol, port=port)
    return say("This run did not ask {protocol}/{port}.", protocol=protocol, port=port)


def _of_policy(turn: Turn, protocol: str, port: int, verdicts: frozenset[Verdict], there: Measured) -> Iterator[Cause]:
    """The run that has no finding saw the door answer all the same: what it was told to expect is another. A reader who
    is told that the finding is gone must not take the door for shut.
    """
    if Verdict.OPEN not in verdicts:
        return
    values = {"protocol": protocol, "port": port, "policy": there.run.run.policy}
    if turn is Turn.NEW:
        message = say("{protocol}/{port} answered before, too; the earlier run did not count it.", **values)
        if there.run.run.policy:
            message = say("{protocol}/{port} answered before, too; the policy {policy} allowed it.", **values)
    else:
        message = say("{protocol}/{port} still answers; this run does not count it.", **values)
        if there.run.run.policy:
            message = say("{protocol}/{port} still answers; the policy {policy} allows it.", **values)
    yield Cause(CauseKind.POLICY_CHANGED, message)


def _of_listener(turn: Turn, protocol: str, port: int, old: Measured, new: Measured) -> Iterator[Cause]:
    was, now = old.listeners(protocol, port), new.listeners(protocol, port)
    values = {"protocol": protocol, "port": port}
    if now and not was and turn is Turn.NEW:
        message = say("{program} began to listen on {protocol}/{port}.", program=program(now[0]), **values)
        yield Cause(CauseKind.LISTENER_APPEARED, message)
    elif was and not now and turn is Turn.GONE:
        message = say("{program} no longer listens on {protocol}/{port}.", program=program(was[0]), **values)
        yield Cause(CauseKind.LISTENER_GONE, message)
    elif was and now and is_loopback(was[0]) != is_loopback(now[0]):
        message = say(
            "{program} listens on [{after}]:{port} now, before on [{before}]:{port} only.",
            program=program(now[0]),
            before=was[0].bind,
            after=now[0].bind,
            port=port,
        )
        yield Cause(CauseKind.LISTENER_MOVED, message)
    elif was and now and was[0].process and now[0].process and was[0].process != now[0].process:
        yield _other_program(was[0], now[0], protocol, port)


def _of_filter(turn: Turn, protocol: str, port: int, verdicts: frozenset[Verdict], around: Around) -> Iterator[Cause]:
    """``verdicts`` are those of the run that did not find it."""
    values = {"protocol": protocol, "port": port}
    new = turn is Turn.NEW
    if verdicts & _BY_ROUTER:
        defaults = around.defaults.get(protocol, ())
        yield from defaults
        if not defaults:
            message = (
                say("The router lets {protocol}/{port} in now; it stopped it before.", **values)
                if new
                else say("The router stops {protocol}/{port} now; it let it in before.", **values)
            )
            yield Cause(CauseKind.ROUTER_RULE, message)
        yield from around.replaced
    elif verdicts & (_BY_UPSTREAM | {Verdict.BLOCKED}):
        message = (
            say("Something on the path stopped {protocol}/{port} before and does not any more.", **values)
            if new
            else say("Something on the path stops {protocol}/{port} now.", **values)
        )
        yield Cause(CauseKind.UPSTREAM, message)
    elif verdicts & _BY_HOST:
        message = (
            say("The host's own firewall lets {protocol}/{port} in now.", **values)
            if new
            else say("The host's own firewall stops {protocol}/{port} now.", **values)
        )
        yield Cause(CauseKind.HOST_FIREWALL, message)


def _differences(finding: Finding, before: Finding, old: Measured, new: Measured) -> Iterator[Cause]:
    if finding.severity is not before.severity:
        message = say("Its severity was {before} and is {after}.", before=before.severity, after=finding.severity)
        yield Cause(CauseKind.SEVERITY_CHANGED, message)
    if finding.protocol is None or finding.port is None:
        if finding.title != before.title:
            yield Cause(CauseKind.ANSWER_CHANGED, say("Before it read: {title}", title=before.title))
        return
    was, now = old.listeners(finding.protocol, finding.port), new.listeners(finding.protocol, finding.port)
    if was and now and was[0].process and now[0].process and was[0].process != now[0].process:
        yield _other_program(was[0], now[0], finding.protocol, finding.port)
    yield from _software(finding, old, new)
    yield from _answers(finding, before, old, new)


def _software(finding: Finding, old: Measured, new: Measured) -> Iterator[Cause]:
    was = {_made(one) for one in old.services(finding.protocol, finding.port)} - {""}
    now = {_made(one) for one in new.services(finding.protocol, finding.port)} - {""}
    if was and now and was.isdisjoint(now):
        message = say("It answered as {before}, now as {after}.", before=min(was), after=min(now))
        yield Cause(CauseKind.SOFTWARE_CHANGED, message)


def _answers(finding: Finding, before: Finding, old: Measured, new: Measured) -> Iterator[Cause]:
    role, earlier_role = (
        roles(one.run).get(address or "") for one, address in ((new, finding.address), (old, before.address))
    )
    now = new.verdicts(role, finding.protocol, finding.port or 0) & PASSED
    was = old.verdicts(earlier_role, finding.protocol, finding.port or 0) & PASSED
    for verdict, earlier in ((Verdict.OPEN, Verdict.OPEN_FILTERED), (Verdict.OPEN_FILTERED, Verdict.OPEN)):
        if now == {verdict} and was == {earlier}:
            message = say("The port was {before} and is {after}.", before=earlier, after=verdict)
            yield Cause(CauseKind.ANSWER_CHANGED, message)


def _other_program(was: Listener, now: Listener, protocol: str, port: int) -> Cause:
    message = say(
        "{after} listens on {protocol}/{port} now, before it was {before}.",
        after=program(now),
        before=program(was),
        protocol=protocol,
        port=port,
    )
    return Cause(CauseKind.PROCESS_CHANGED, message)


def program(listener: Listener) -> str:
    """Its name, and the package it came with where that is known."""
    if not listener.process:
        return say("A program of unknown name")
    if listener.package:
        return say("{process} (package {package})", process=listener.process, package=listener.package)
    return listener.process


def _made(service: ServiceRecord) -> str:
    return " ".join(word for word in (service.product, service.version) if word)
