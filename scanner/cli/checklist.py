"""``v6expose checklist``: a policy in, pass, fail and not measured out."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from scanner.cli.memory import Kept, keep_run, named_run, store_of
from scanner.cli.options import shared
from scanner.cli.output import STANDARD_OUTPUT, Output, parse_outputs, write_documents
from scanner.cli.scan import INCOMPLETE, INTERRUPTED, THREE_WAYS, load_configuration, request_of, run_scan
from scanner.cli.scan import scan as scan_command
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanner.checklist.values import Checklist
    from scanner.config import Configuration
    from scanner.model.run import Run
    from scanner.policy import Policy

# Options of `scan` that mean nothing here, or something else.
NOT_OURS = {
    "policy": None,
    "outputs": (),
    "fail_on": None,
    "before": None,
    "explain_port": None,
    "yes": False,
    "dry_run": False,
    "notify": (),
    "notify_from": None,
}
SHARED = ("as_json", "quiet", "verbose")
DEFAULT = "default"  # the origin of a value that nobody set
FOR_BOTH = ("lang", "config_file", "store")
# Documents of the run itself, beside those of the checklist: our name -> the report's.
OF_RUN = {"run": "json", "html": "html"}


def scan_options(command: click.Command) -> click.Command:
    """What `scan` takes, so that an option that is new there is here, too."""
    have = {one.name for one in command.params}
    command.params += [one for one in scan_command.params if one.name not in {*have, *NOT_OURS, *SHARED}]
    return command


@scan_options
@click.command()
@click.argument("policy_file", metavar="[POLICY.toml]", required=False)
@click.option("--from-run", metavar="RUN", help="Judge a stored run: its id, its number in the history, or latest.")
@click.option("--run", "run_file", metavar="FILE.json", help="Judge this run document; - is standard input.")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=PATH",
    help="text, tap, junit, sarif, github or json, and of the run itself run or html; - is standard output; "
    "repeatable.",
)
@shared
def checklist(**options: Any) -> None:
    """Before a server goes live: is everything so as the policy wants it?

    Without --from-run or --run a scan comes first, with the options of `v6expose scan`. Every item is pass, fail or
    not measured, with evidence; not measured is never pass. Exit status: 0 all pass, 1 something fails, 2 usage or a
    bad policy, 3 something was not measured, 4 environment, 130 interrupted.
    """
    from scanner.policy.file import load_policy

    configuration = load_configuration({**options, **NOT_OURS})
    asked = outputs_of(options)
    path = path_of(options["policy_file"], configuration)
    stored = stored_run(options)
    policy = load_policy(path, stored.run.host.name if stored else socket.gethostname())
    kept = stored or scanned_run(policy, path, configuration, options)
    run, as_asked = kept.run, kept.stored
    made = judged(policy, run)
    as_asked &= write_documents(documents(made, run, asked), quiet=options["quiet"])
    if not options["quiet"] and all(output.path != STANDARD_OUTPUT for output in asked):
        show(made, everything=options["verbose"], language=configuration.lang)
    if stored is None and run.run.interrupted:
        raise SystemExit(INTERRUPTED)
    raise SystemExit(exit_status(made) or (0 if as_asked else INCOMPLETE))


def outputs_of(options: dict[str, Any]) -> tuple[Output, ...]:
    from scanner.checklist.formats import FORMATS

    texts = [*options["outputs"], *(("json=-",) if options["as_json"] else ())]
    return parse_outputs(texts, (*FORMATS, *OF_RUN))


def path_of(file: str | None, configuration: Configuration) -> Path:
    """The policy that is named, else the configuration's. Raises InputError."""
    path = Path(file) if file else configuration.policy
    if path is None:
        remedy = say("name one, or make one: v6expose policy init --from-run latest > policy.toml")
        raise InputError(say("there is no policy to judge by"), remedy)
    return path


def stored_run(options: dict[str, Any]) -> Kept | None:
    """The run that is named, None where none is. Raises InputError."""
    from scanner.cli.report import read_run

    stored, file = options["from_run"], options["run_file"]
    if stored and file:
        raise InputError(say("--from-run and --run name two runs"), say("give one of them"))
    if not (stored or file):
        return None
    refuse_scan_options()
    return Kept(named_run(stored)[0] if stored else read_run(file), stored=True)


def refuse_scan_options() -> None:
    """A stored run is judged as it is: an option that would shape a scan is a misunderstanding."""
    context = click.get_current_context()
    for one in scan_command.params:
        given = context.get_parameter_source(one.name or "") is ParameterSource.COMMANDLINE
        if given and one.name not in {*NOT_OURS, *SHARED, *FOR_BOTH}:
            flag = max(one.opts, key=len)
            raise InputError(
                say("{flag} shapes a scan, and a stored run is judged as it is", flag=flag),
                say("leave {flag} out", flag=flag),
            )


def scanned_run(policy: Policy, path: Path, configuration: Configuration, options: dict[str, Any]) -> Kept:
    """A scan of now, as deep as the policy wants it, kept in the store."""
    if configuration.origins.get("profile") == DEFAULT:
        configuration = replace(configuration, profile=policy.require.profile)
    request = request_of(replace(configuration, policy=None), options)
    if not request.vantages:
        raise EnvironmentFault(say("no vantage: an outside view needs a place outside"), THREE_WAYS)
    store = store_of(configuration.store)
    fresh = run_scan(replace(request, policy=policy, policy_file=str(path), probe_allowed=True), quiet=options["quiet"])
    return keep_run(fresh, store, configuration.keep)


def judged(policy: Policy, run: Run) -> Checklist:
    from scanner.checklist.evaluate import evaluate
    from scanner.data import load_catalogue
    from scanner.data.cases import EVASION, ICMPV6, load_cases

    cases = (*load_cases(EVASION), *load_cases(ICMPV6))
    return evaluate(policy, run, load_catalogue(), cases, datetime.now(UTC).date())


def documents(made: Checklist, run: Run, asked: tuple[Output, ...]) -> list[tuple[Output, Callable[[], str | bytes]]]:
    """What was asked for, rendered when it is written."""
    from scanner.checklist.formats import FORMATS
    from scanner.report import render

    return [
        (output, partial(render, run, OF_RUN[output.format]))
        if output.format in OF_RUN
        else (output, partial(FORMATS[output.format], made))
        for output in asked
    ]


def show(made: Checklist, *, everything: bool, language: str) -> None:
    from rich.console import Console

    from scanner.checklist.formats.table import render

    render(made, Console(file=sys.stdout, highlight=False), everything=everything, language=language)


def exit_status(made: Checklist) -> int:
    from scanner.checklist.values import EXIT

    return EXIT[made.status]
