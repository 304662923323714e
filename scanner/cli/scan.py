"""``v6expose scan``: the main job."""

from __future__ import annotations

import json
import secrets
import signal
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.memory import NO_STORE, keep_run, named_run, store_of
from scanner.cli.notices import ready_notices, tell_failure, tell_run
from scanner.cli.options import FORMATS_HELP, language_option, redact_option, shared
from scanner.cli.output import Output, parse_outputs, redacted_if, write_outputs
from scanner.cli.speech import told, warn
from scanner.model.errors import EnvironmentFault, InputError, ScanError
from scanner.model.text import say

if TYPE_CHECKING:
    from scanner.config import Configuration
    from scanner.model.run import Run
    from scanner.plan import PacketClass
    from scanner.policy import Policy
    from scanner.scan import Request

INTERRUPTED, INCOMPLETE, FINDINGS, CLEAN = 130, 3, 1, 0
THREE_WAYS = say(
    "give one: --vantage ssh:user@vps (any Linux host on the Internet with IPv6 and "
    "python3), --vantage exec:'COMMAND PREFIX' that lands outside, or try the built-in "
    "Internet: v6expose demo"
)


@click.command()
@click.option(
    "--vantage",
    "vantages",
    multiple=True,
    metavar="SPEC",
    help="ssh:[user@]host[:port], netns:NAME or exec:PREFIX; repeatable.",
)
@click.option("--profile", metavar="NAME", help="quick, standard (default) or full.")
@click.option(
    "--address", "addresses", multiple=True, metavar="ADDR", help="Only this address of the host; repeatable."
)
@click.option("--tcp", metavar="PORTS", help="TCP ports in nmap syntax, in place of the profile's ('' for none).")
@click.option("--udp", metavar="PORTS", help="UDP ports in nmap syntax, in place of the profile's ('' for none).")
@click.option("--rate", metavar="PPS", help="Ceiling in packets a second (default 10000); a scan starts at 1000.")
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A name of this host, whose AAAA records are compared with its addresses at the end; repeatable.",
)
@click.option(
    "--router", metavar="ID", help="Which router it is, for the remedies (v6expose remedy --list); guessed otherwise."
)
@click.option("--policy", metavar="FILE", help="What may be open: TOML with [[allow]] entries.")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=PATH",
    help=FORMATS_HELP,
)
@click.option(
    "--fail-on", metavar="SEVERITY", help="Exit 1 from this severity on: low, medium, high (default), critical, never."
)
@click.option(
    "--expect", metavar="POLICY", help="What the router is meant to do: strict (default), rfc6092 or transparent."
)
@language_option
@click.option("--config", "config_file", metavar="FILE", help="Configuration file, read before ./v6expose.toml.")
@click.option(
    "--before",
    metavar="RUN",
    help="Compare with this run, a file or one of the history, in place of the last complete one.",
)
@click.option("--store", metavar="PLACE", help="Keep runs in this file or database, in place of the state directory.")
@click.option("--no-store", is_flag=True, help="Do not keep this run.")
@click.option("--keep", metavar="TIME", help='Forget runs older than this afterwards, for example "90 days".')
@click.option(
    "--notify",
    "notify",
    multiple=True,
    metavar="PLACE",
    help="Tell news to whom this names: file:PATH or credential:NAME, which hold apprise URLs; none; repeatable.",
)
@click.option("--notify-from", metavar="SEVERITY", help="Tell findings from this severity on (default medium).")
@click.option("--title", default="", metavar="TEXT", help="A word of yours that names this run in the report.")
@click.option(
    "--nmap/--no-nmap", "nmap", default=None, help="Ask nmap -6 for a second opinion (default: yes, not in quick)."
)
@click.option(
    "--locate-all/--no-locate-all",
    "locate_all",
    default=None,
    help="Find where every silent port ends (default: yes); no: a random sample stands for those that behave alike.",
)
@click.option(
    "--battery",
    "batteries",
    multiple=True,
    metavar="NAME",
    help="evasion, icmpv6, simple-security or none; repeatable (default: all, in quick none).",
)
@click.option("--slow/--no-slow", "slow", default=None, help="Test state timers at full length (minutes).")
@click.option(
    "--explain",
    "explain_port",
    metavar="PORT[/udp]",
    help="Scan nothing: name the host's own rule that stops this port.",
)
@click.option("--yes", is_flag=True, help="With --explain: trace one probe without asking.")
@click.option("--dry-run", is_flag=True, help="Print every class of packet, its count, rate and target; send nothing.")
@click.option("--scheduled", is_flag=True, help="Leave out this scan if another scheduled one of this host still runs.")
@redact_option
@shared
def scan(**options: Any) -> None:
    """Scan this host's own IPv6 addresses from outside while a witness on it watches what arrives.

    Needs root (or CAP_NET_RAW) here for the witness, and python3 at the vantage. Only addresses of this host are
    scanned. Exit status: 0 clean, 1 findings, 2 usage, 3 incomplete, 4 environment, 130 interrupted.
    """
    configuration = load_configuration(options)
    if options["explain_port"]:
        explain_instead(configuration, options)
    asked = outputs_of(configuration, as_json=options["as_json"])
    request = request_of(configuration, options)
    earlier = named_run(options["before"])[0] if options["before"] else None
    if options["dry_run"]:
        dry_run(request, as_json=options["as_json"])
        return
    if not request.vantages:
        raise EnvironmentFault(say("no vantage: an outside view needs a place outside"), THREE_WAYS)
    quiet, store = options["quiet"], store_of(configuration.store)
    if options["scheduled"] and not alone_here():
        warn(say("another scheduled scan of this host still runs; this one is left out"))
        return
    notices = ready_notices(configuration, quiet=quiet)
    try:
        fresh = run_scan(request, quiet=quiet)
    except ScanError as error:
        tell_failure(notices, socket.gethostname(), error, redact=options["redact"])
        raise
    kept = keep_run(fresh, store, configuration.keep, earlier)
    key = secrets.token_bytes(16) if options["redact"] else b""
    run = redacted_if(kept.run, wanted=options["redact"], key=key)
    as_asked = write_outputs(run, asked, quiet=quiet, language=configuration.lang)
    tell_run(notices, kept.run, redact_key=key)
    if not quiet and all(output.path != "-" for output in asked):
        from rich.console import Console

        from scanner.report.terminal import render_terminal

        render_terminal(run, Console(file=sys.stdout), everything=options["verbose"], language=configuration.lang)
    raise SystemExit(exit_status(run, configuration.fail_on) or (0 if as_asked and kept.stored else INCOMPLETE))


def alone_here() -> bool:
    """Takes the lock of scheduled scans until this command ends; False where another holds it."""
    from scanner.schedule.lock import alone, lock_file

    return click.get_current_context().with_resource(alone(lock_file()))


def explain_instead(configuration: Configuration, options: dict[str, Any]) -> None:
    """``scan --explain PORT`` is ``v6expose explain PORT`` from the first vantage; ends the program."""
    from scanner.cli.explain import explain

    click.get_current_context().invoke(
        explain,
        port=options["explain_port"],
        address=next((str(address) for address in configuration.addresses), None),
        spec=next(iter(configuration.vantages), None),
        yes=options["yes"],
        as_json=options["as_json"],
        quiet=options["quiet"],
        verbose=options["verbose"],
    )


def load_configuration(options: dict[str, Any]) -> Configuration:
    """Flags over environment over files over defaults."""
    import os

    from scanner.config import load

    names = (
        "vantages",
        "profile",
        "addresses",
        "tcp",
        "udp",
        "rate",
        "policy",
        "outputs",
        "fail_on",
        "expect",
        "lang",
        "names",
        "router",
        "nmap",
        "batteries",
        "slow",
        "store",
        "keep",
        "locate_all",
        "notify",
        "notify_from",
    )
    flags = {
        name: list(value) if isinstance(value, tuple) else value
        for name in names
        if (value := options[name]) not in (None, ())
    }
    if options["no_store"]:
        flags["store"] = NO_STORE
    file = options["config_file"]
    return load(flags, os.environ, Path(file) if file else None, Path.cwd())


def outputs_of(configuration: Configuration, *, as_json: bool) -> tuple[Output, ...]:
    """What is to be written, checked before the scan so that no result is lost. Without ``-o``: an HTML report here."""
    texts = list(configuration.outputs)
    if as_json:
        texts.append("json=-")
    if not texts:
        texts.append(f"html=v6expose-{socket.gethostname()}-{datetime.now(UTC):%Y%m%d-%H%M%S}.html")
    return parse_outputs(texts)


def request_of(configuration: Configuration, options: dict[str, Any]) -> Request:
    from scanner.data import load_catalogue
    from scanner.scan import Request
    from scanner.vantage.spec import parse_spec

    return Request(
        settings=configuration.settings(),
        vantages=tuple(parse_spec(text) for text in configuration.vantages),
        catalogue=load_catalogue(),
        policy=policy_of(configuration.policy),
        title=options["title"],
        policy_file=str(configuration.policy or ""),
        names=names_of(configuration),
        router=router_of(configuration),
    )


def policy_of(path: Path | None) -> Policy:
    """The policy for this host, or an empty one. Raises InputError."""
    from scanner.policy import Policy
    from scanner.policy.file import load_policy

    return Policy() if path is None else load_policy(path, socket.gethostname())


def router_of(configuration: Configuration) -> str:
    """The configured router. Raises InputError for one that nobody knows, before the scan."""
    if not configuration.router:
        return ""
    from scanner.remedies import find_router

    return find_router(configuration.router).id


def names_of(configuration: Configuration) -> tuple[str, ...]:
    """The configured names, each once. Raises InputError naming the one that is none."""
    if not configuration.names:
        return ()
    from scanner.names.hostname import parse_name

    return tuple(dict.fromkeys(parse_name(text) for text in configuration.names))


def run_scan(request: Request, *, quiet: bool) -> Run:
    """The scan under a progress display. Ctrl-C ends measuring; a second one is told that writing goes on."""
    from scanner.cli.progress import Display
    from scanner.discovery.inventory import discover
    from scanner.scan import scan as tell

    presses = 0

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001
        nonlocal presses
        presses += 1
        if presses == 1:
            raise KeyboardInterrupt
        warn(say("already stopping; writing what was measured"))

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Display(sys.stderr, quiet=quiet) as display:
            return tell(request, discover, display.update)
    except KeyboardInterrupt:
        warn(say("interrupted before anything was measured"))
        raise SystemExit(INTERRUPTED) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if presses == 0 else signal.SIG_IGN)


def exit_status(run: Run, fail_on: str) -> int:
    """130 interrupted, 3 incomplete, 1 findings at or above ``fail_on``, 0 clean."""
    from scanner.model.finding import Severity

    if run.run.interrupted:
        return INTERRUPTED
    if not run.run.complete:
        return INCOMPLETE
    if fail_on == "never":
        return CLEAN
    limit = Severity(fail_on).rank
    return FINDINGS if any(finding.severity.rank >= limit for finding in run.findings) else CLEAN


def dry_run(request: Request, *, as_json: bool) -> None:
    """Every class of packet a scan would send."""
    from scanner.batteries.run import packet_classes
    from scanner.discovery.inventory import discover

    plan = request.plan(discover(), request.settings)
    batteries = packet_classes(plan.batteries, plan.addresses)
    classes = (*plan.classes, *batteries, *beside_the_probes(request))
    rows = [{"packets": c.name, "target": c.target, "count_at_most": c.count, "rate_at_most": c.rate} for c in classes]
    if as_json:
        click.echo(
            json.dumps(
                {"dry_run": True, "vantages": [str(spec) for spec in request.vantages], "packets": rows}, indent=1
            )
        )
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        *map(told, (say("Packets"), say("Target"), say("At most"), say("A second"))),
        title=told(say("Nothing is sent: this is what a scan would send at most")),
    )
    for c in classes:
        table.add_row(told(c.name), told(c.target), f"{c.count:,}", f"{c.rate:,}")
    Console().print(table)


def beside_the_probes(request: Request) -> tuple[PacketClass, ...]:
    """What this host itself sends: the call home to each vantage, and questions about its names."""
    from scanner.flows import TRIES, WAIT
    from scanner.names import at_scan
    from scanner.plan import PacketClass

    rows = [
        PacketClass(say("UDP call home from this host"), str(one), TRIES, round(1 / WAIT)) for one in request.vantages
    ]
    names, _ = at_scan.find_names(request.names)
    most = at_scan.MOST_QUESTIONS * at_scan.TRIES
    if names:
        rows.append(PacketClass(say("DNS question, at the end"), ", ".join(names), most, most))
    return tuple(rows)


def severity(text: str) -> str:
    """``--fail-on``: raises InputError naming the severities."""
    known = ("low", "medium", "high", "critical", "never")
    if text not in known:
        raise InputError(
            say("--fail-on {text!r} is no severity", text=text), say("use one of {known}", known=", ".join(known))
        )
    return text
