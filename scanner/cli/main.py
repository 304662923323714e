"""The command line: one file a command, imported only when it is called (``--help`` stays under 0.3 s)."""

import importlib
from typing import Any

import click

from scanner import __version__
from scanner.model.errors import ScanError

# command -> (module, function, one line of help)
COMMANDS = {
    "scan": ("scanner.cli.scan", "scan", "The main job: inventory, probe from outside, judge, report."),
    "demo": (
        "scanner.cli.demo",
        "demo",
        "The built-in Internet: a router that filters nothing is scanned, fixed, scanned again.",
    ),
    "addresses": (
        "scanner.cli.addresses",
        "addresses",
        "Every IPv6 address: kind, state, origin, lifetimes, what a scan covers.",
    ),
    "privacy": ("scanner.cli.privacy", "privacy", "Which kind of address the host prefers, now and after a reboot."),
    "explain": ("scanner.cli.explain", "explain", "Which rule of this host's own firewall stops a port."),
    "names": ("scanner.cli.names", "names", "Do the AAAA records name the stable address of this host?"),
    "checklist": ("scanner.cli.checklist", "checklist", "Before a server goes live: a policy in, pass and fail out."),
    "policy": ("scanner.cli.policy", "policy", "The policy file: init from a run, allow, waive, check."),
    "schedule": ("scanner.cli.schedule", "schedule", "Scan by the clock: install, show, remove, run-now."),
    "watch": ("scanner.cli.watch", "watch", "Stay, and scan again whenever the host's addresses change."),
    "report": ("scanner.cli.report", "report", "Render a stored run or a saved document again."),
    "history": ("scanner.cli.history", "history", "The stored runs, newest first; as a static site with --site."),
    "diff": ("scanner.cli.diff", "diff", "What became of the findings between two runs, and why."),
    "remedy": ("scanner.cli.remedy", "remedy", "How your router shuts the door that a finding names."),
    "recheck": ("scanner.cli.recheck", "recheck", "Is one finding gone? Sends only the probes that tell."),
    "vantage": ("scanner.cli.vantage", "vantage", "Places outside: check SPEC says what one can do."),
    "lab": ("scanner.cli.lab", "lab", "The built-in Internet: up, down, status, exec, personalities."),
    "doctor": (
        "scanner.cli.doctor",
        "doctor",
        "Is everything there that a scan needs, and what to do about what is not.",
    ),
    "notify": ("scanner.cli.notify", "notify", "Whom scans tell what they find: test, show."),
    "config": ("scanner.cli.config", "config", "Every option, its value, and the flag, variable or file that set it."),
    "schema": ("scanner.cli.schema", "schema", "Print the JSON Schema of the run document."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ScanError as error:
            from scanner.cli.speech import warn

            for one in error.each:
                warn(str(one))
            raise click.exceptions.Exit(error.exit_status) from error

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="v6expose")
def cli() -> None:
    """What of this IPv6 host can a stranger on the Internet reach, and which device let them?"""


def main(argv: list[str] | None = None) -> Any:
    return cli(args=argv)


if __name__ == "__main__":
    main()
