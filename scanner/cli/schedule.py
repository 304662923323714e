"""``v6expose schedule``: scans by the clock, by systemd or cron."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import told
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.schedule.install import Place
    from scanner.schedule.job import Job

FAILED = 3
scope_option = click.option(
    "--scope",
    type=click.Choice(["system", "user"]),
    default=None,
    help="Whose systemd: the machine's (default for root) or your own, which can only scan one-sided.",
)


@click.group()
def schedule() -> None:
    """Scan by the clock: a hardened systemd service and timer, or a cron line where there is no systemd."""


@schedule.command()
@click.option(
    "--every", default="daily", metavar="INTERVAL", help="6h, 30m, hourly, daily (default), weekly, CALENDAR."
)
@click.option("--vantage", "vantages", multiple=True, metavar="SPEC", help="As for scan; default: the configuration's.")
@click.option("--profile", metavar="NAME", help="As for scan.")
@click.option("--config", "config_file", metavar="FILE", help="As for scan.")
@click.option("--policy", metavar="FILE", help="As for scan.")
@click.option("-o", "--output", "outputs", multiple=True, metavar="FORMAT=PATH", help="As for scan.")
@click.option("--user", metavar="NAME", help="Run as this user (for its ssh keys); default: a dynamic one.")
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="NAME=FILE",
    help='A systemd credential, for notify = ["credential:NAME"]; repeatable.',
)
@click.option("--watch", is_flag=True, help="Also scan at once when an address or prefix changes.")
@click.option("--cron", "force_cron", is_flag=True, help="A cron line even where systemd runs.")
@click.option("--dry-run", is_flag=True, help="Print the files; write nothing.")
@scope_option
@speaking_option
@shared
def install(**options: Any) -> None:
    """Write the service and timer, and start the timer."""
    from scanner.schedule.install import files_of, run_program
    from scanner.schedule.install import install as put

    place = place_of(options["scope"], force_cron=options["force_cron"])
    job = job_of(options, place)
    if options["dry_run"]:
        show_files({str(path): text for path, text in files_of(job, place, socket.gethostname()).items()}, options)
        return
    written = put(job, place, socket.gethostname(), run_program)
    if options["as_json"]:
        click.echo(json.dumps({"installed": True, "files": [str(path) for path in written]}, indent=1))
    elif not options["quiet"]:
        for path in written:
            click.echo(told(say("written: {path}", path=path)), err=True)
        click.echo(
            told(say("see it with v6expose schedule show, take it away with v6expose schedule remove")), err=True
        )


def show_files(files: dict[str, str], options: dict[str, Any]) -> None:
    if options["as_json"]:
        click.echo(json.dumps({"dry_run": True, "files": files}, indent=1))
        return
    click.echo("\n".join(f"# {path}\n{text}" for path, text in files.items()), nl=False)


def job_of(options: dict[str, Any], place: Place) -> Job:
    """The job, checked. Raises InputError for whatever could not run unattended."""
    from scanner.config import load
    from scanner.schedule.every import parse_every
    from scanner.schedule.job import Job, Scope, check_job, check_notices

    config_file = options["config_file"]
    flags = {"vantages": list(options["vantages"])} if options["vantages"] else {}
    configuration = load(flags, os.environ, Path(config_file) if config_file else None, Path.cwd())
    scope = place.scope
    far = any(spec.startswith("ssh:") for spec in configuration.vantages)
    user = options["user"] or (os.environ.get("SUDO_USER") if far and scope is Scope.SYSTEM else None)
    job = Job(
        program=program(),
        every=parse_every(options["every"]),
        arguments=arguments_of(options),
        scope=scope,
        user=user,
        watch=options["watch"],
        notices=tuple(credential(text) for text in options["credentials"]),
    )
    if place.systemd:
        check_notices(job, configuration.notify)
    check_job(job, configuration.vantages, lambda path: path.stat().st_mode, systemd=place.systemd)
    return job


def arguments_of(options: dict[str, Any]) -> tuple[str, ...]:
    """The options of ``scan``, with paths that hold wherever it is started."""
    words: list[str] = []
    for flag, values in (
        ("--vantage", options["vantages"]),
        ("--profile", [options["profile"]]),
        ("--config", [absolute(options["config_file"])]),
        ("--policy", [absolute(options["policy"])]),
        ("-o", [output_of(text) for text in options["outputs"]]),
    ):
        for value in filter(None, values):
            words += (flag, value)
    return tuple(words)


def absolute(path: str | None) -> str | None:
    return str(Path(path).expanduser().absolute()) if path else None


def output_of(text: str) -> str:
    from scanner.cli.output import parse_output
    from scanner.report import FORMATS

    output = parse_output(text, FORMATS)
    if output.path == "-":
        raise InputError(say("{text} writes to standard output, which nobody reads", text=text), say("name a file"))
    return f"{output.format}={absolute(output.path)}"


def credential(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not name.replace("-", "").replace("_", "").isalnum() or not path:
        raise InputError(
            say("--credential {text!r} is not NAME=FILE", text=text),
            say("write it like notify=/etc/v6expose/notify.urls"),
        )
    return name, Path(path).expanduser().absolute()


def program() -> Path:
    """Our own file, as a service has to call it."""
    beside = Path(sys.executable).with_name("v6expose")
    found = str(beside) if beside.is_file() else shutil.which("v6expose")
    if found is None:
        raise EnvironmentFault(
            say("the program v6expose is not on PATH"), say("install it: pipx install --global v6expose")
        )
    return Path(found)


def scope_of(text: str | None) -> str:
    return text or ("system" if os.geteuid() == 0 else "user")


def place_of(scope: str | None, *, force_cron: bool = False) -> Place:
    from dataclasses import replace

    from scanner.schedule.install import place_for
    from scanner.schedule.job import Scope

    place = place_for(Scope(scope_of(scope)))
    if place.scope is Scope.USER and (force_cron or not place.systemd):
        raise EnvironmentFault(
            say("there is no systemd of yours to ask"),
            say("add the line of `sudo v6expose schedule install --dry-run` by crontab -e"),
        )
    return replace(place, systemd=False) if force_cron else place


@schedule.command()
@scope_option
@speaking_option
@shared
def show(scope: str | None, *, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001
    """What is installed, when it runs next, how the last run ended."""
    from scanner.schedule.install import installed, place_for, run_program, state_of
    from scanner.schedule.job import Scope

    place = place_for(Scope(scope_of(scope)))
    files = installed(place)
    timer = state_of(place, run_program) if files else {}
    if as_json:
        click.echo(
            json.dumps({"installed": bool(files), "files": [str(path) for path in files], "timer": timer}, indent=1)
        )
    elif not files:
        click.echo(told(say("nothing is scheduled: v6expose schedule install --every 6h")))
    else:
        for path in files:
            click.echo(f"{path}" if not verbose else f"# {path}\n{path.read_text()}")
        for name, value in timer.items():
            click.echo(f"{name:8} {value}")
        click.echo(told(say("what the runs found: v6expose history")))


@schedule.command()
@scope_option
@speaking_option
@shared
def remove(scope: str | None, *, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001
    """Stop the timer and take its files away; stored runs stay."""
    from scanner.schedule.install import place_for, run_program
    from scanner.schedule.install import remove as take_away
    from scanner.schedule.job import Scope

    gone = take_away(place_for(Scope(scope_of(scope))), run_program)
    if as_json:
        click.echo(json.dumps({"installed": False, "removed": [str(path) for path in gone]}, indent=1))
    elif not quiet:
        click.echo(
            "\n".join(told(say("removed: {path}", path=path)) for path in gone) or told(say("nothing was scheduled")),
            err=True,
        )


@schedule.command("run-now")
@scope_option
@speaking_option
@shared
def run_now(scope: str | None, *, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001
    """Run the scheduled scan once, as the timer would; waits for its end. Exit status: 3 where it failed."""
    from scanner.schedule.install import SERVICE, installed, place_for
    from scanner.schedule.job import Scope

    place = place_for(Scope(scope_of(scope)))
    files = installed(place)
    if not files:
        raise InputError(say("nothing is scheduled"), say("first v6expose schedule install --every 6h"))
    command = place.systemctl("start", SERVICE) if place.systemd else cron_command(place.cron)
    done = subprocess.run(command, check=False)
    status = FAILED if place.systemd and done.returncode else done.returncode
    if as_json:
        click.echo(json.dumps({"exit_status": status}))
    elif not quiet and not status:
        click.echo(told(say("the scan has run: v6expose report latest")), err=True)
    raise SystemExit(status)


def cron_command(path: Path) -> list[str]:
    """The command of the cron file's one line: five fields and a user stand before it."""
    import shlex

    line = path.read_text().splitlines()[1]
    return shlex.split(line.split(None, 6)[6].replace(r"\%", "%"))
