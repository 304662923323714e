"""Telling people what a scan found, after it. Nothing that goes wrong here fails the scan; all of it is shown."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner.cli.speech import warn
from scanner.model.errors import EnvironmentFault, ScanError
from scanner.model.text import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scanner.config import Configuration
    from scanner.model.finding import Severity
    from scanner.model.notices import Source
    from scanner.model.run import Run
    from scanner.notify.send import Outcome
    from scanner.notify.sources import Service
    from scanner.notify.values import Digest, HostState, Known, Look, Said

MOST_UNTOLD = 100  # news kept for a service that does not take any


@dataclass(frozen=True, slots=True)
class Notices:
    """Whom to tell, and how. ``memory`` is the file of what was told before."""

    services: tuple[Service, ...]
    memory: Path
    least: Severity
    language: str
    quiet: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to tell of one scan. ``look`` needs what was known; ``digest`` is the message without its news."""

    look: Callable[[Mapping[str, Known]], Look]
    digest: Digest
    disguise: Callable[[Digest], Digest]


def ready_notices(configuration: Configuration, *, quiet: bool) -> Notices | None:
    """Read and check before the scan whom to tell after it; None where nobody can be.

    Raises InputError for what is wrong for everybody. What is only not there now, or not for this user, is one line.
    """
    if not configuration.notify:
        return None
    from scanner.notify.memory import state_file
    from scanner.notify.send import check
    from scanner.notify.sources import distinct

    services = distinct(service for source in configuration.notify for service in _services_of(source))
    if not services:
        return None
    try:
        check(services)
    except EnvironmentFault as error:
        _say(say("nobody will be told: {why}", why=error))
    place = state_file(configuration.store)
    return Notices(services, place, configuration.notify_from, configuration.lang, quiet)


def _services_of(source: Source) -> tuple[Service, ...]:
    from scanner.notify.sources import read_source

    try:
        return read_source(source, os.environ)
    except EnvironmentFault as error:
        _say(say("not everybody will be told: {why}", why=error))
        return ()


def tell_run(notices: Notices | None, run: Run, *, redact_key: bytes = b"") -> None:
    """Tell what is news in ``run``, under the pseudonyms of ``redact_key`` if there is one."""
    if notices is None:
        return
    from scanner.notify.look import look_of
    from scanner.notify.values import Digest, Said
    from scanner.redact import beside

    def look(known: Mapping[str, Known]) -> Look:
        return look_of(run, known, notices.least, attended=sys.stderr.isatty())

    summary = run.summary
    headline = Said.of(summary.headline, run.texts) if summary.headline else None
    digest = Digest(run.host.name, datetime.now(UTC), (), summary.grade, summary.counts, headline)
    _tell(notices, Report(look, digest, lambda one: beside(one, run, redact_key) if redact_key else one))


def tell_failure(notices: Notices | None, host: str, error: ScanError, *, redact: bool) -> None:
    """Tell that nothing could be measured at all."""
    if notices is None:
        return
    from scanner.notify.look import failed
    from scanner.notify.values import Digest

    def disguise(digest: Digest) -> Digest:
        return replace(digest, host="host-1")

    why = say("The scan failed; why is left out of this message.") if redact else str(error)
    digest = Digest(host, datetime.now(UTC), ())
    _tell(notices, Report(lambda _: failed(why), digest, disguise if redact else lambda one: one))


def _tell(notices: Notices, report: Report) -> None:
    try:
        _remembering(notices, report)
    except KeyboardInterrupt:
        _say(say("interrupted before everybody was told; the next scan tells the rest"))


def _remembering(notices: Notices, report: Report) -> None:
    """Decide and send while no other scan does."""
    from scanner.notify import memory
    from scanner.notify.values import HostState, State

    host, state, trouble = report.digest.host, State(), ""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(memory.alone(notices.memory))
            state = memory.read_state(notices.memory, _say)
        except ScanError as error:
            trouble = str(error)

        def remember(after: HostState) -> str:
            """Why it could not be; empty where it was."""
            if trouble:
                return trouble
            try:
                memory.write_state(notices.memory, replace(state, hosts={**state.hosts, host: after}))
            except ScanError as error:
                return str(error)
            return ""

        deliver(notices, report, state.hosts.get(host) or HostState(), remember)


def deliver(notices: Notices, report: Report, before: HostState, remember: Callable[[HostState], str]) -> None:
    """What is news goes to every service, with what one of them did not take before. It is remembered as untold first:
    whatever happens while it is sent, it is told twice rather than never.
    """
    from scanner.language import translator
    from scanner.notify.decide import decide
    from scanner.notify.message import message_of
    from scanner.notify.send import send

    after, news = decide(before, report.look(before.known), report.digest.at)
    first = after.started and not before.started
    due = {one.label: (*before.untold.get(one.label, ()), *news)[-MOST_UNTOLD:] for one in notices.services}
    due = {label: some for label, some in due.items() if some or first}
    trouble = remember(replace(after, untold=due, started=after.started and not first))
    if trouble:
        _say(say("what is told now cannot be remembered: {why}", why=trouble))
    if not due:
        return
    digest, language = replace(report.digest, first=first, note=_note(trouble)), translator(notices.language)
    messages = [
        (one, message_of(report.disguise(replace(digest, news=due[one.label])), language))
        for one in notices.services
        if one.label in due
    ]
    outcomes = send(messages)
    failed = {one.label for one in outcomes if not one.sent}
    untold = {label: some for label, some in due.items() if label in failed}
    remember(replace(after, untold=untold, started=after.started and (not first or len(failed) < len(outcomes))))
    _show(outcomes, quiet=notices.quiet)


def _show(outcomes: tuple[Outcome, ...], *, quiet: bool) -> None:
    for one in outcomes:
        if not one.sent:
            who = one.service or say("somebody")
            _say(
                say(
                    "not told: {who} ({place}), {why}; the next scan tries again",
                    who=who,
                    place=one.label,
                    why=one.words,
                )
            )
        elif not quiet:
            click.echo(f"notify: {one.service} ({one.label})", err=True)


def _note(trouble: str) -> Said | None:
    from scanner.notify.values import Said

    if not trouble:
        return None
    text = say("This host could not remember that it told this, so the next scan may tell it again.")
    return Said.of(text, {})


def _say(line: str) -> None:
    warn(line)
