"""``-o csv=``: one table; ``kind`` says what a row is about: a finding, a range of ports, a case of a standard."""

import csv
import io
from collections.abc import Iterator

from scanner.model.run import Run
from scanner.report.text import one_line

COLUMNS = (
    *("run", "host", "kind", "rule", "severity", "verdict", "vantage", "address", "protocol", "ports", "title"),
    *("why", "evidence", "remedy", "standard", "fingerprint", "first_seen", "last_seen"),
)
LONGEST_CELL = 32_000  # spreadsheets end a cell at 32,767 characters
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run (OWASP, CSV injection) gets an apostrophe


def render_csv(run: Run) -> str:
    """RFC 4180, with a header line and CRLF."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in (*_findings(run), *_ports(run), *_conformance(run)):
        cells = {"run": run.run.id, "host": run.host.name, **row}
        ports = {"ports": cells.get("ports", "")}  # a list of numbers, whole however long
        writer.writerow({column: cell(cells.get(column)) for column in COLUMNS} | ports)
    return out.getvalue()


def cell(value: object) -> str:
    text = "" if value is None else one_line(str(value), LONGEST_CELL)
    return f"'{text}" if text.startswith(FORMULA) else text


def _findings(run: Run) -> Iterator[dict[str, object]]:
    for finding in run.findings:
        yield {
            "kind": "finding",
            "rule": finding.rule,
            "severity": finding.severity.value,
            "address": finding.address,
            "protocol": finding.protocol,
            "ports": finding.port,
            "title": finding.title,
            "why": finding.why,
            "evidence": finding.evidence,
            "remedy": finding.remedy,
            "standard": finding.standard,
            "fingerprint": finding.fingerprint,
            "first_seen": finding.first_seen and finding.first_seen.isoformat(),
            "last_seen": finding.last_seen and finding.last_seen.isoformat(),
        }


def _ports(run: Run) -> Iterator[dict[str, object]]:
    for table in run.ports:
        for verdict, ports in table.verdicts.items():
            if ports:
                where = {"vantage": table.vantage, "address": table.address, "protocol": table.protocol}
                yield {"kind": "ports", "verdict": verdict.value, **where, "ports": ports}


def _conformance(run: Run) -> Iterator[dict[str, object]]:
    for row in run.conformance:
        yield {
            "kind": row.standard.value,
            "rule": row.id,
            "verdict": row.result.value,
            "vantage": row.vantage,
            "address": row.address,
            "title": row.title,
            "why": row.why,
            "evidence": row.evidence,
            "standard": row.standard.value,
        }
