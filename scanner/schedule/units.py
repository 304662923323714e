"""A job -> the files that make it run: systemd units from templates/systemd, or one line for cron."""

import hashlib
import re
import shlex
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import scanner
from scanner.schedule.job import Job, Scope

MARK = "# Written by v6expose schedule; v6expose schedule remove takes it away again."
NAME = "v6expose"
CRON_FILE = Path("/etc/cron.d/v6expose")
# What a unit file's words may hold unquoted (systemd.syntax(7), systemd.service(5) "Command lines")
_PLAIN = re.compile(r"[A-Za-z0-9_@:=,./+-]+")


def systemd_units(job: Job) -> dict[str, str]:
    """File name -> text."""
    names = [f"{NAME}.service", f"{NAME}.timer", *([f"{NAME}-watch.service"] if job.watch else [])]
    return {name: _render(name, job) for name in names}


def cron_line(job: Job, host: str) -> str:
    """The text of /etc/cron.d/v6expose, or for a user's own crontab. Raises InputError for a calendar.

    Minute and hour come from the host's name: always the same here, unlike elsewhere.
    """
    spread = hashlib.sha256(host.encode()).digest()
    when = job.every.cron(spread[0] % 60, spread[1] % 24)
    who = "" if job.scope is Scope.USER else f"{job.user or 'root'} "
    command = shlex.join(_command(job)).replace("%", r"\%")  # crontab(5): a percent sign ends the line
    return f"{MARK}\n{when} {who}{command}\n"


def _command(job: Job) -> list[str]:
    return [str(job.program), "scan", "--scheduled", "-q", *job.arguments]


def _render(name: str, job: Job) -> str:
    reports = () if any(word.startswith("html=") for word in job.arguments) else ("-o", "html=%S/v6expose/report.html")
    watch = [str(job.program), "watch", "-q", *job.arguments]
    return (
        _environment()
        .get_template(f"systemd/{name}.j2")
        .render(
            job=job,
            mark=MARK,
            system=job.scope is Scope.SYSTEM,
            command=" ".join([*map(quoted, _command(job)), *reports]),
            watch_command=" ".join([*map(quoted, watch), *reports]),
        )
    )


def quoted(word: str) -> str:
    """One word of ExecStart=: no specifier, no variable, no escape of it is systemd's to expand."""
    word = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@cache
def _environment() -> Environment:
    package = Path(scanner.__file__).parent
    installed = package / "_templates"
    return Environment(
        loader=FileSystemLoader(installed if installed.is_dir() else package.parent / "templates"),
        autoescape=False,  # noqa: S701  (unit files, not HTML: every foreign word goes through quoted())
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
