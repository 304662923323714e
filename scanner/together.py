"""Several vantages at once: connected one after the other (somebody may have to type a passphrase), then each measures
in a thread of its own. One that fails loses nothing of the others; Ctrl-C reaches all.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace

from scanner.lane import Lane, make_lanes, shared
from scanner.measure import Vantage, connect, control_ports
from scanner.model.errors import ScanError
from scanner.model.text import say
from scanner.part import Part, Report, Work, from_vantage, unreached
from scanner.probes.surroundings import Progress
from scanner.vantage.spec import Spec

LOOK_UP = 0.2  # seconds between two looks at the threads: a signal is heard in between


def from_all(specs: Sequence[Spec], work: Work) -> list[Part]:
    """A part for each vantage, in their order. Where there is only one, what is wrong with it is raised."""
    target = work.plan.addresses[0]
    if len(specs) == 1:
        work.progress(Progress(say("connecting to {spec}", spec=specs[0]), 0, 0, 0))
        return [from_vantage(connect(specs[0], target), work)]
    parts: dict[str, Part] = {}
    with ExitStack() as stack:
        vantages = []
        for spec, name in zip(specs, names_of(specs), strict=True):
            work.progress(Progress(say("connecting to {spec}", spec=spec), 0, 0, 0, name))
            try:
                vantages.append(connect(spec, target, name))
                stack.callback(_close, vantages[-1])
            except ScanError as error:
                parts[name] = unreached(spec, name, str(error))
            for vantage in vantages:
                with suppress(ScanError):  # its own thread will meet it and tell
                    vantage.session.keep_alive()
        parts |= side_by_side(vantages, work) if vantages else {}
    return [parts[name] for name in names_of(specs)]


def names_of(specs: Sequence[Spec]) -> list[str]:
    """The SPEC's own name, or all of it where two are called the same."""
    own = [spec.name for spec in specs]
    return [name if own.count(name) == 1 else str(spec) for name, spec in zip(own, specs, strict=True)]


def side_by_side(vantages: Sequence[Vantage], work: Work) -> dict[str, Part]:
    """All of them at the same time, at rates that together keep the ceiling."""
    stop = threading.Event()
    plan = shared(work.plan, len(vantages))
    lanes = make_lanes([v.name for v in vantages], lambda: control_ports(plan.addresses), stop.is_set)
    parts: dict[str, Part] = {}

    def run(vantage: Vantage, lane: Lane) -> None:
        alone = replace(work, plan=plan, progress=named(work.progress, lane))
        try:
            parts[lane.name] = from_vantage(vantage, alone, lane)
        except KeyboardInterrupt:
            nothing = unreached(
                vantage.spec, lane.name, say("{vantage}: interrupted before anything was measured", vantage=lane.name)
            )
            parts[lane.name] = replace(nothing, interrupted=True)
        except Exception as error:  # noqa: BLE001  (whatever it is, the other vantages' results are kept)
            told = str(error) if isinstance(error, ScanError) else f"{type(error).__name__}: {error}"
            parts[lane.name] = unreached(
                vantage.spec, lane.name, say("vantage {vantage} failed ({why})", vantage=lane.name, why=told)
            )
        finally:
            lane.gate.leave(lane.name)

    threads = [threading.Thread(target=run, args=pair, name=pair[1].name) for pair in zip(vantages, lanes, strict=True)]
    for thread in threads:
        thread.start()
    await_all(threads, stop)
    return parts


def await_all(threads: Sequence[threading.Thread], stop: threading.Event) -> None:
    """Until every thread has ended. Ctrl-C asks them to end; they keep what they have."""
    while any(thread.is_alive() for thread in threads):
        try:
            for thread in threads:
                thread.join(LOOK_UP)
        except KeyboardInterrupt:
            stop.set()


def named(progress: Report, lane: Lane) -> Report:
    """Tells whose step it is; once all are to end, this is where the thread learns of it."""

    def report(step: Progress) -> None:
        if lane.stop():
            raise KeyboardInterrupt
        progress(replace(step, vantage=lane.name))

    return report


def _close(vantage: Vantage) -> None:
    with suppress(OSError):
        vantage.close()
