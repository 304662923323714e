"""Progress on standard error: a bar with rate and time left on a terminal, one line a stage elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from types import TracebackType

    from scanner.probes.engine import Progress


class Display:
    """``with Display(sys.stderr, quiet=False) as display: scan(..., display.update)``"""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        self._quiet = quiet
        self._stage = ""
        self._console = Console(file=stream, stderr=True)
        self._live = not quiet and self._console.is_terminal
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bars.add_task("starting", total=None, rate="")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def update(self, progress: Progress) -> None:
        """Show where the scan is."""
        if self._quiet:
            return
        new, self._stage = progress.stage != self._stage, progress.stage
        if new and not self._live:
            self._console.print(f"v6expose: {progress.stage}", markup=False, highlight=False, soft_wrap=True)
        if new:
            self._bars.reset(self._task, total=progress.total or None)
        rate = f"{progress.rate:,.0f} pps" if progress.total > 1 else ""
        self._bars.update(
            self._task, description=progress.stage, completed=progress.done, total=progress.total or None, rate=rate
        )
