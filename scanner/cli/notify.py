"""``v6expose notify``: try whom scans tell, and show it without the secrets."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import language_option, shared, speaking_option
from scanner.cli.speech import told, warn
from scanner.model.errors import EnvironmentFault, InputError, ScanError
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.config import Configuration
    from scanner.model.notices import Source
    from scanner.notify.sources import Service
    from scanner.notify.values import HostState, State

INCOMPLETE = 3
HOW = say(
    'write notify = ["file:/etc/v6expose/notify"] into the configuration file, or give '
    "--notify file:PATH; the file (chmod 600) holds apprise URLs, one a line"
)
_options = (
    click.option("--notify", "notify", multiple=True, metavar="PLACE", help="As for scan: file:PATH, credential:NAME."),
    click.option("--config", "config_file", metavar="FILE", help="Configuration file, read before ./v6expose.toml."),
)


def _configured(command: Any) -> Any:
    for option in _options:
        command = option(command)
    return command


@click.group()
def notify() -> None:
    """Whom scans tell what they find: show it, try it."""


@notify.command()
@_configured
@language_option
@shared
def test(**options: Any) -> None:
    """Send a test message to everybody. What was told before does not matter and is not changed.

    Exit status: 0 everybody took it, 2 usage or a bad file, 3 somebody did not, 4 environment.
    """
    from scanner.language import translator
    from scanner.notify.message import sample
    from scanner.notify.send import check, send
    from scanner.notify.sources import distinct, read_source

    configuration = _load(options)
    services = distinct(one for source in configuration.notify for one in read_source(source, os.environ))
    if not services:
        raise InputError(say("nobody is to be told"), HOW)
    check(services)
    message = sample(socket.gethostname(), datetime.now(UTC), translator(configuration.lang))
    outcomes = send([(service, message) for service in services])
    if options["as_json"]:
        rows = [{"place": one.label, "service": one.service, "sent": one.sent, "why": one.why} for one in outcomes]
        click.echo(json.dumps({"outcomes": rows}, indent=1))
    for one in outcomes:
        if not one.sent:
            warn(say("not told: {service} ({place}), {why}", service=one.service, place=one.label, why=one.words))
        elif not (options["quiet"] or options["as_json"]):
            click.echo(told(say("told: {service} ({place})", service=one.service, place=one.label)))
    raise SystemExit(0 if all(one.sent for one in outcomes) else INCOMPLETE)


@notify.command()
@_configured
@speaking_option
@shared
def show(**options: Any) -> None:
    """Show who is told, from which severity on, and what is remembered of what was told. No secret is shown."""
    from scanner.notify.memory import read_only, state_file

    configuration = _load(options)
    places = [_place(source) for source in configuration.notify]
    path = state_file(configuration.store)
    state = read_only(path)
    if options["as_json"]:
        document = {"from": configuration.notify_from.value, "places": places, **_document(path, state)}
        click.echo(json.dumps(document, indent=1))
        return
    if not places:
        click.echo(told(say("Nobody is told.")))
        click.echo(told(say("To tell somebody, {how}.", how=HOW)))
    for place in places:
        click.echo(place["place"])
        for line in place["services"]:
            click.echo(f"  {line}")
        if place["problem"]:
            click.echo(f"  {told(place['problem'])}")
    click.echo("\n" + told(say("Told: findings from severity {severity} on.", severity=configuration.notify_from)))
    for line in _told(path, state):
        click.echo(line)


def _load(options: dict[str, Any]) -> Configuration:
    from scanner.config import load

    file = options["config_file"]
    flags = {"notify": list(options["notify"]), "lang": options.get("lang")}
    return load(flags, os.environ, Path(file) if file else None, Path.cwd())


def _place(source: Source) -> dict[str, Any]:
    """What stands there, by the names of the services; or the problem with it."""
    from scanner.notify.send import check
    from scanner.notify.sources import read_source

    services: tuple[Service, ...] = ()
    try:
        services = read_source(source, os.environ)
        shown = [
            f"{one.label.rpartition(', ')[2]}: {kind}" for one, kind in zip(services, check(services), strict=True)
        ]
    except (InputError, EnvironmentFault) as error:
        return {"place": str(source), "services": [], "problem": str(error)}
    return {"place": str(source), "services": shown, "problem": None}


def _document(path: Path, state: State | ScanError) -> dict[str, Any]:
    if isinstance(state, ScanError):
        return {"memory": str(path), "problem": str(state), "hosts": []}
    return {"memory": str(path), "problem": None, "hosts": [_host(name, one) for name, one in state.hosts.items()]}


def _host(name: str, state: HostState) -> dict[str, Any]:
    known = sorted(state.known.values(), key=lambda one: -one.gravest.rank)
    return {
        "host": name,
        "known": [one.found.title.text for one in known if one.told and not one.pulse.muted],
        "muted": [one.found.title.text for one in known if one.pulse.muted],
        "unmeasured_since": state.unmeasured.isoformat() if state.unmeasured else None,
        "untold": {label: len(news) for label, news in state.untold.items()},
    }


def _told(path: Path, state: State | ScanError) -> list[str]:
    from scanner.report.text import one_line

    if isinstance(state, ScanError):
        return [told(str(state))]
    lines: list[str] = [say("Remembered in {path}", path=path) if state.hosts else say("Nothing was told yet.")]
    for host in (_host(name, one) for name, one in state.hosts.items()):
        lines.append(say("  {host}: {count} told and still there", host=host["host"], count=len(host["known"])))
        lines += [say("    muted, for it comes and goes: {title}", title=title) for title in host["muted"]]
        if host["unmeasured_since"]:
            lines.append(say("    not measured since {when}", when=host["unmeasured_since"]))
        lines += [
            say("    waiting for {place}: {count} news", place=label, count=number)
            for label, number in host["untold"].items()
        ]
    return [one_line(told(line)) for line in lines]
