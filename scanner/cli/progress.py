"""Progress on standard error: a bar a vantage with rate and time left on a terminal, one line a stage elsewhere."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Self, TextIO

from scanner.cli.speech import language
from scanner.language import translator
from scanner.model.text import say

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID

    from scanner.probes.surroundings import Progress


class Display:
    """``with Display(sys.stderr, quiet=False) as display: scan(..., display.update)``"""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        self._quiet = quiet
        self._language = translator(language())  # the threads that report have no click context
        self._stages: dict[str, str] = {}  # vantage -> what it does
        self._tasks: dict[str, TaskID] = {}
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
        self._lock = Lock()  # several vantages report from threads of their own

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
        with self._lock:
            self._show(progress)

    def _show(self, progress: Progress) -> None:
        from rich.markup import escape

        whose = f"{progress.vantage}: " if progress.vantage else ""
        stage = self._language.translate(progress.stage)
        new = progress.stage != self._stages.get(progress.vantage)
        self._stages[progress.vantage] = progress.stage
        if new and not self._live:
            self._console.print(f"v6expose: {whose}{stage}", markup=False, highlight=False, soft_wrap=True)
        task = self._task_of(progress.vantage)
        if new:
            self._bars.reset(task, total=progress.total or None)
        rate = f"{progress.rate:,.0f} pps" if progress.total > 1 else ""
        self._bars.update(
            task,
            description=escape(f"{whose}{stage}"),
            completed=progress.done,
            total=progress.total or None,
            rate=rate,
        )

    def _task_of(self, vantage: str) -> TaskID:
        """The vantage's bar; the one that told of the run before there were vantages becomes the first one's."""
        if vantage not in self._tasks:
            first = self._tasks.pop("", None) if vantage else None
            self._tasks[vantage] = (
                self._bars.add_task(self._language.translate(say("starting")), total=None, rate="")
                if first is None
                else first
            )
        return self._tasks[vantage]
