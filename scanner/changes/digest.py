"""A run as another run remembers it."""

from scanner.model.history import RunName
from scanner.model.run import Run, RunDigest


def digest_of(run: Run) -> RunDigest:
    """What a later report says of it."""
    return RunDigest(
        id=run.run.id,
        title=run.run.title,
        finished_at=run.run.finished_at,
        grade=run.summary.grade,
        headline=run.summary.headline,
        ports=run.ports,
        findings=run.findings,
        texts=run.texts,
        addresses=run.addresses,
    )


def name_of(run: Run, number: int | None = None) -> RunName:
    header = run.run
    return RunName(
        header.id, number, header.started_at, run.host.name, run.summary.grade, header.complete, header.title
    )
