"""What is to run, and as whom. Everything that would fail at three in the morning is refused here."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from scanner.model.errors import InputError
from scanner.model.notices import Source, SourceKind
from scanner.model.text import say
from scanner.schedule.every import Every

OTHERS_MAY_ENTER = 0o001
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))


class Scope(StrEnum):
    """Whose systemd: the machine's, or the user's own (which can give no capability: scans are one-sided)."""

    SYSTEM = "system"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Job:
    """``program`` is v6expose's own file; ``user`` None: a dynamic one (systemd), root (cron). ``arguments`` come after
    ``scan --scheduled``. ``notices``: systemd credentials (name, file) that hold where notices go.
    """

    program: Path
    every: Every
    arguments: tuple[str, ...]
    scope: Scope = Scope.SYSTEM
    user: str | None = None
    watch: bool = False
    notices: tuple[tuple[str, Path], ...] = ()

    @property
    def reads_homes(self) -> bool:
        """Something it needs lies where ProtectHome=yes would hide it."""
        named = [self.program, *(Path(word) for word in self.arguments if word.startswith("/"))]
        return self.user is not None or any(path.is_relative_to(home) for path in named for home in HOMES)


def check_notices(job: Job, sources: tuple[Source, ...]) -> None:
    """Raises InputError for a credential that the configuration names and nobody gives to the service."""
    given = {name for name, _ in job.notices}
    for source in sources:
        if source.kind is SourceKind.CREDENTIAL and source.where not in given:
            raise InputError(
                f"notify names credential:{source.where}, which the service would not have",
                f"give --credential {source.where}=FILE",
            )


def check_job(job: Job, vantages: tuple[str, ...], mode_of: Callable[[Path], int], *, systemd: bool = True) -> None:
    """Raises InputError for what cannot work unattended. ``mode_of`` gives a directory's permission bits; without
    ``systemd`` it is cron's root that runs it, who may enter everything and has capabilities.
    """
    if not vantages:
        raise InputError(
            say("no vantage is configured, and a scheduled scan can ask nobody"),
            say("give --vantage SPEC, or write vantages = [...] into the configuration file"),
        )
    if not systemd:
        return
    if inside := [spec for spec in vantages if spec.startswith("netns:")]:
        raise InputError(
            say(
                "{inside} cannot be scheduled: entering a network namespace needs more than CAP_NET_RAW",
                inside=inside[0],
            ),
            say("schedule an ssh: or exec: vantage"),
        )
    if job.scope is Scope.USER or job.user is not None:
        return
    if far := [spec for spec in vantages if spec.startswith("ssh:")]:
        raise InputError(
            say("{far} needs somebody's ssh keys, and a dynamic user has none", far=far[0]),
            say("give --user NAME, whose ~/.ssh reaches the vantage without asking"),
        )
    if closed := _closed_to_others(job.program, mode_of):
        raise InputError(
            say("{program} lies in {closed}, which a dynamic user cannot enter", program=job.program, closed=closed),
            say("give --user NAME, or install it for everybody (pipx install --global v6expose)"),
        )


def _closed_to_others(program: Path, mode_of: Callable[[Path], int]) -> Path | None:
    return next((parent for parent in reversed(program.parents) if not mode_of(parent) & OTHERS_MAY_ENTER), None)
