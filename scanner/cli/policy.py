"""``v6expose policy``: write the policy file, and add to it without touching what stands there."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanner.cli.options import shared, speaking_option
from scanner.cli.speech import told
from scanner.model.errors import InputError
from scanner.model.text import commas, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scanner.policy import Allow

T = TypeVar("T")
DEFAULT = "policy.toml"
POLICY = click.option(
    "--policy", "policy_file", metavar="FILE", help=f"Default: the configuration's, else ./{DEFAULT}."
)
REASON = click.option("--reason", required=True, metavar="TEXT", help="For whoever reads the policy or the report.")


@click.group()
def policy() -> None:
    """The policy file: what strangers may reach, and what must be true (docs/policy.md)."""


@policy.command()
@click.option("--from-run", metavar="RUN", help="A stored run: its id, its number in the history, or latest.")
@click.option("--run", "run_file", metavar="FILE.json", help="A run document; - is standard input.")
@speaking_option
def init(from_run: str | None, run_file: str | None) -> None:
    """Print a commented policy drafted from a run.

    What answers and looks intended is allowed, with the service and the process named; what is questionable stands in
    comments with the reason; every fact that held in the run is required. Read it before you rely on it.
    """
    from scanner.checklist.draft import draft
    from scanner.cli.memory import named_run
    from scanner.cli.report import read_run
    from scanner.data import load_catalogue
    from scanner.data.cases import EVASION, ICMPV6, load_cases

    if from_run and run_file:
        raise InputError(say("--from-run and --run name two runs"), say("give one of them"))
    if not (from_run or run_file):
        raise InputError(say("which run?"), say("give --from-run RUN (for example latest) or --run FILE.json"))
    run = named_run(from_run)[0] if from_run else read_run(run_file or "")
    text = draft(run, load_catalogue(), (*load_cases(EVASION), *load_cases(ICMPV6)))
    click.echo(text.encode("utf-8", "backslashreplace"), nl=False)


@policy.command()
@click.argument("door", metavar="PORTS/PROTO")
@REASON
@click.option("--address", default="any", metavar="ROLE", help="any (default), stable or temporary addresses only.")
@click.option("--from", "vantages", multiple=True, metavar="VANTAGE", help="Only from this vantage; repeatable.")
@click.option("--must-answer", is_flag=True, help="The checklist fails when it does not.")
@POLICY
@speaking_option
def allow(
    door: str, *, reason: str, address: str, vantages: Sequence[str], must_answer: bool, policy_file: str | None
) -> None:
    """Allow PORTS/PROTO, for example 443/tcp or 60000-61000/udp; all else in the file stays as it is."""
    from scanner.policy.edit import add_allow, covering
    from scanner.policy.file import read_text, replace_text
    from scanner.policy.parse import parse_policy

    path = path_of(policy_file)
    entry = entry_of(door, reason, address, vantages, must_answer=must_answer)
    text = read_text(path)
    same = covering(parse_policy(text, str(path)), entry)
    if same is not None:
        click.echo(told(say("{path}:{line}: {door} is allowed already", path=path, line=same.line, door=door)))
        return
    replace_text(path, add_allow(text, str(path), entry))
    click.echo(told(say("{path}: {door} is allowed", path=path, door=door)))


@policy.command()
@click.argument("item", metavar="ITEM")
@REASON
@click.option("--until", required=True, metavar="DAY", help="The last day (UTC) on which it holds: 2026-12-31.")
@POLICY
@speaking_option
def waive(item: str, *, reason: str, until: str, policy_file: str | None) -> None:
    """Accept until a day that ITEM fails: a fact as the checklist names it, or tcp/445. Renews an older waiver."""
    from scanner.policy import Waiver, tables
    from scanner.policy.edit import add_waiver
    from scanner.policy.file import read_text, replace_text
    from scanner.policy.parse import parse_item

    path = path_of(policy_file)
    waiver = Waiver(
        _argument("ITEM", parse_item, item),
        _argument("--reason", tables.some_text, reason),
        _argument("--until", tables.day, until),
    )
    if waiver.expired(datetime.now(UTC).date()):
        raise InputError(say("--until {until} has passed", until=until), say("give a day to come"))
    replace_text(path, add_waiver(read_text(path), str(path), waiver))
    click.echo(told(say("{path}: {item} is waived until {day}", path=path, item=waiver.item, day=waiver.until)))


@policy.command()
@click.argument("policy_file", metavar="[POLICY.toml]", required=False)
@speaking_option
@shared
def check(policy_file: str | None, *, as_json: bool, quiet: bool, verbose: bool) -> None:  # noqa: ARG001
    """Read the policy and say every mistake in it, each with its line. Exit status: 0 none, 2 some."""
    import json

    from scanner.policy.file import load_policy

    found = load_policy(path_of(policy_file))
    required = [fact for fact in found.require.lines if fact != "profile"]
    if as_json:
        document = {"policy": found.source, "host": found.host, "allow": len(found.allow), "require": required}
        click.echo(json.dumps(document | {"waive": [waiver.item for waiver in found.waive]}, indent=1))
    elif not quiet:
        said = say(
            "{policy}: {allowed} allowed, {required} required, {waived} waived",
            policy=found.source,
            allowed=len(found.allow),
            required=len(required),
            waived=len(found.waive),
        )
        click.echo(told(commas([said, *([say("for host {host}", host=found.host)] if found.host else [])])))


def path_of(file: str | None) -> Path:
    """The file that is named, else the configuration's, else ./policy.toml."""
    from scanner.config import load

    if file:
        return Path(file)
    return load({}, os.environ, None, Path.cwd()).policy or Path(DEFAULT)


def entry_of(door: str, reason: str, address: str, vantages: Sequence[str], *, must_answer: bool) -> Allow:
    """Raises InputError naming the argument."""
    from scanner.model.catalogue import PROTOCOLS
    from scanner.policy import AddressRole, Allow, tables

    ports, slash, protocol = door.rpartition("/")
    if not slash or protocol not in PROTOCOLS:
        raise InputError(
            say("{door!r} is no PORTS/PROTO", door=door), say("write 443/tcp, 22,80/tcp or 60000-61000/udp")
        )
    return Allow(
        protocol,
        _argument("PORTS", tables.ports, ports),
        _argument("--address", tables.one_of(AddressRole), address),
        _argument("--reason", tables.some_text, reason),
        _argument("--from", tables.names, list(vantages)) if vantages else (),
        must_answer,
    )


def _argument(name: str, read: Callable[[Any], T], raw: object) -> T:
    try:
        return read(raw)
    except InputError as error:
        raise InputError(say("{name} {message}", name=name, message=error.message), error.remedy) from error
