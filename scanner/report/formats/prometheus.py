"""``-o prometheus=``: a file for node_exporter's textfile collector; write it with the ending ``.prom``."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from scanner.model.run import Run
from scanner.report.ranges import read_ranges, size
from scanner.report.text import one_line

GRADES = {"A": 5, "B": 4, "C": 3, "D": 2, "E": 1, "F": 0}
OUTSIDE = {"proven": 1.0, "refuted": -1.0, "unproven": 0.0}
HOST = ("host",)


def render_prometheus(run: Run) -> str:
    """Gauges of the last run; alert on ``time() - v6expose_run_finished_timestamp_seconds`` too: silence is no news.

    ``v6expose_grade`` runs from 5 (A) to 0 (F) and is absent where no grade was given.
    """
    registry = CollectorRegistry()
    for name, help_text, labels, values in _gauges(run):
        gauge = Gauge(f"v6expose_{name}", help_text, (*HOST, *labels), registry=registry)
        for row, value in values.items():
            gauge.labels(*(one_line(label) for label in (run.host.name, *row))).set(value)
    return generate_latest(registry).decode()


Rows = dict[tuple[str, ...], float]


def _gauges(run: Run) -> Iterator[tuple[str, str, tuple[str, ...], Rows]]:
    """(name, help, labels beside the host, values by label)."""
    yield "info", "Version and profile of the last run.", ("version", "profile"), {_kind_of(run): 1.0}
    yield "run_finished_timestamp_seconds", "When the last run ended.", (), {(): run.run.finished_at.timestamp()}
    yield "run_complete", "1 if the last run measured everything it was to.", (), {(): float(run.run.complete)}
    grade = GRADES.get(run.summary.grade or "")
    yield "grade", "5 (A) to 0 (F); absent where no grade was given.", (), {} if grade is None else {(): float(grade)}
    found: Rows = {(severity.value,): float(count) for severity, count in run.summary.counts.items()}
    yield "findings", "Findings of the last run by severity.", ("severity",), found
    where = ("vantage", "address", "kind", "protocol", "verdict")
    yield "ports", "Ports by what was found of them.", where, _ports(run)
    outside: Rows = {(vantage.name,): OUTSIDE[vantage.outside.verdict] for vantage in run.vantages}
    yield "vantage_outside", "1 proven to be outside, 0 unproven, -1 refuted.", ("vantage",), outside
    loss: Rows = {(vantage.name,): vantage.loss for vantage in run.vantages if vantage.loss is not None}
    yield "vantage_loss_ratio", "Share of the control probes that were lost inwards.", ("vantage",), loss
    bounds: Rows = {(v.name,): v.false_blocked_bound for v in run.vantages if v.false_blocked_bound is not None}
    bound = "Largest probability that a port called blocked was merely lost."
    yield "false_blocked_bound_ratio", bound, ("vantage",), bounds
    cases = Counter((row.standard.value, row.result.value) for row in run.conformance)
    by_result: Rows = {key: float(number) for key, number in cases.items()}
    yield "conformance_cases", "Cases of a standard by their result.", ("standard", "result"), by_result


def _kind_of(run: Run) -> tuple[str, ...]:
    return (run.run.version, run.run.profile.value)


def _ports(run: Run) -> Rows:
    kinds = {record.address: record.kind.value for record in run.addresses}
    return {
        (table.vantage, table.address, kinds.get(table.address, ""), table.protocol, verdict.value): float(
            size(read_ranges(ports))
        )
        for table in run.ports
        for verdict, ports in table.verdicts.items()
    }
