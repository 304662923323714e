"""Which findings of a run the owner means. Pure."""

import re

from scanner.model.errors import InputError
from scanner.model.finding import Finding
from scanner.model.ports import PortSet
from scanner.model.run import Run
from scanner.model.text import say

RULE = re.compile(r"v6x-?(\d{3})", re.IGNORECASE)
FINGERPRINT = re.compile(r"[0-9a-f]{4,64}", re.IGNORECASE)
PORT = re.compile(r"([0-9]+)/(tcp|udp)|(tcp|udp)/([0-9]+)", re.IGNORECASE)
MOST_NAMED = 6
WAYS = say("name a rule (V6X001), a port (445/tcp) or the first digits of a fingerprint")


def pick(run: Run, text: str) -> tuple[Finding, ...]:
    """``text``: a rule, ``PORT/PROTOCOL``, or a fingerprint or the beginning of one. Raises InputError, which names
    what the run has, where nothing fits or a fingerprint fits several.
    """
    word = text.strip()
    if (rule := RULE.fullmatch(word)) is not None:
        found = tuple(one for one in run.findings if one.rule == f"V6X{rule[1]}")
    elif (port := PORT.fullmatch(word)) is not None:
        found = _at_port(run, port[1] or port[4], (port[2] or port[3]).lower())
    elif FINGERPRINT.fullmatch(word):
        found = _by_fingerprint(run, word.lower())
    else:
        raise InputError(say("{text!r} names no finding", text=text), WAYS)
    if not found:
        raise InputError(say("run {id} has no finding {text!r}", id=run.run.id, text=text), _what_there_is(run))
    return found


def _at_port(run: Run, port: str, protocol: str) -> tuple[Finding, ...]:
    (number,) = PortSet.parse(port)
    return tuple(one for one in run.findings if (one.port, one.protocol) == (number, protocol))


def _by_fingerprint(run: Run, beginning: str) -> tuple[Finding, ...]:
    found = tuple(one for one in run.findings if one.fingerprint.startswith(beginning))
    if len({one.fingerprint for one in found}) > 1:
        raise InputError(
            say("more than one fingerprint begins with {beginning!r}", beginning=beginning), say("give more of it")
        )
    return found


def _what_there_is(run: Run) -> str:
    names = list(dict.fromkeys(one.rule if one.port is None else f"{one.port}/{one.protocol}" for one in run.findings))
    if not names:
        return say("it has no findings at all")
    named, more = ", ".join(names[:MOST_NAMED]), len(names) - MOST_NAMED
    if more > 0:
        return say("it has {names} and {count} more", names=named, count=more)
    return say("it has {names}", names=named)
