"""Units onto disk and into systemd, and away again. Only files that carry our mark are ever replaced or removed."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.text import say
from scanner.schedule.job import Job, Scope
from scanner.schedule.units import CRON_FILE, MARK, NAME, cron_line, systemd_units

SYSTEM_UNITS = Path("/etc/systemd/system")
RUNNING = Path("/run/systemd/system")  # sd_booted(3)
TIMER, SERVICE, WATCH = f"{NAME}.timer", f"{NAME}.service", f"{NAME}-watch.service"
SECONDS = 60.0
MODE = 0o644
# What `systemctl show` is asked, and what it is called here
PROPERTIES = {
    "NextElapseUSecRealtime": "next",
    "LastTriggerUSec": "last",
    "ActiveState": "active",
    "UnitFileState": "enabled",
}

Run = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where units lie and how systemd is spoken to; ``systemd`` False: cron has to do."""

    scope: Scope
    units: Path
    cron: Path
    systemd: bool

    def systemctl(self, *words: str) -> list[str]:
        return ["systemctl", *(["--user"] if self.scope is Scope.USER else []), "--no-pager", *words]


def place_for(scope: Scope, environ: Mapping[str, str] = os.environ) -> Place:
    if scope is Scope.SYSTEM:
        return Place(scope, SYSTEM_UNITS, CRON_FILE, RUNNING.is_dir())
    xdg = Path(environ.get("XDG_CONFIG_HOME", ""))
    base = xdg if xdg.is_absolute() else Path("~/.config").expanduser()
    return Place(scope, base / "systemd" / "user", CRON_FILE, RUNNING.is_dir())


def files_of(job: Job, place: Place, host: str) -> dict[Path, str]:
    """What ``install`` will write. Raises InputError for what cron cannot say."""
    if place.systemd:
        return {place.units / name: text for name, text in systemd_units(job).items()}
    return {place.cron: cron_line(job, host)}


def install(job: Job, place: Place, host: str, run: Run) -> tuple[Path, ...]:
    """Write the files and start the timer; the files written. Raises InputError for a file that is not ours, and
    EnvironmentFault where the place cannot be written or systemd refuses.
    """
    files = files_of(job, place, host)
    for path in files:
        _refuse_foreign(path)
    for path, text in files.items():
        _write(path, text)
    if not job.watch:
        _drop(place, WATCH, run)
    if place.systemd:
        run(place.systemctl("daemon-reload"))
        run(place.systemctl("enable", "--now", TIMER))
        if job.watch:
            run(place.systemctl("enable", "--now", WATCH))
    return tuple(files)


def remove(place: Place, run: Run) -> tuple[Path, ...]:
    """Stop and forget all of it; the files that are gone."""
    gone = [path for name in (TIMER, WATCH, SERVICE) if (path := _drop(place, name, run))]
    if place.systemd and gone:
        run(place.systemctl("daemon-reload"))
    if place.scope is Scope.SYSTEM and _is_ours(place.cron):
        _unlink(place.cron)
        gone.append(place.cron)
    return tuple(gone)


def installed(place: Place) -> tuple[Path, ...]:
    candidates = [*(place.units / name for name in (TIMER, SERVICE, WATCH)), place.cron]
    return tuple(path for path in candidates if _is_ours(path))


def state_of(place: Place, run: Run) -> dict[str, str]:
    """What systemd says of the timer; empty without systemd."""
    if not place.systemd:
        return {}
    text = run(place.systemctl("show", TIMER, "--property", ",".join(PROPERTIES)))
    told = dict(line.partition("=")[::2] for line in text.splitlines())
    return {name: told[key] for key, name in PROPERTIES.items() if told.get(key)}


def run_program(argv: Sequence[str]) -> str:
    """Standard output. Raises EnvironmentFault with what it said."""
    command = " ".join(argv)
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=True)
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().partition("\n")[0] or f"exit status {error.returncode}"
        raise EnvironmentFault(
            say("`{command}` fails ({said})", command=command, said=said),
            say("see journalctl -xe, and v6expose schedule show"),
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFault(
            say("`{command}` cannot be run ({why})", command=command, why=error), say("is systemd there? see --cron")
        ) from error
    return done.stdout


def _drop(place: Place, name: str, run: Run) -> Path | None:
    path = place.units / name
    if not _is_ours(path):
        return None
    if place.systemd and name != SERVICE:
        with suppress(EnvironmentFault):  # it may not have been enabled; the file goes in any case
            run(place.systemctl("disable", "--now", name))
    _unlink(path)
    return path


def _is_ours(path: Path) -> bool:
    try:
        return path.read_text(errors="replace").startswith(MARK)
    except OSError:
        return False


def _refuse_foreign(path: Path) -> None:
    if path.exists() and not _is_ours(path):
        raise InputError(say("{path} is there and not written by v6expose", path=path), say("move it away first"))


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w") as stream:
            os.fchmod(stream.fileno(), MODE)
            stream.write(text)
        Path(name).replace(path)
    except OSError as error:
        raise EnvironmentFault(
            say("{path} cannot be written ({why})", path=path, why=error.strerror),
            say("run with sudo, or use --scope user"),
        ) from error


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise EnvironmentFault(
            say("{path} cannot be removed ({why})", path=path, why=error.strerror), say("run with sudo")
        ) from error
