"""How long the largest report takes to render and to open, and how large its file is.

    python bench/report.py            bench/results/report.json
    python bench/report.py --runs 1   fewer

The run has 3 vantages, 10 addresses and 131,070 ports each (65,535 TCP and as many UDP). *noisy*: hundreds of scattered
ports in every table, no two tables alike. *worst*: every port fares otherwise than its neighbours. *opens* is the time
from the start of navigation to the load event in Debian's chromium, read from a file, plus the first answer of the
search field. What is asked: under 3 s, under 2 s, under 3 MB.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from scanner.model.run import Run  # noqa: E402
from scanner.report.html import render_html  # noqa: E402
from tests.report.sample import alternating  # noqa: E402
from tests.report.vast import ADDRESSES, VANTAGES, vast  # noqa: E402

LIMITS = {"renders": 3.0, "opens": 2.0, "megabytes": 3.0}


def worst() -> Run:
    run = alternating(ADDRESSES)
    return replace(
        run,
        vantages=tuple(replace(run.vantages[0], name=name) for name in VANTAGES),
        ports=tuple(replace(table, vantage=name) for name in VANTAGES for table in run.ports),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    results = {}
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        for name, make in (("noisy", vast), ("worst", worst)):
            results[name] = measured(make, Path(directory) / f"{name}.html", browser, runs)
            print(f"{name:6}", "  ".join(f"{what} {value:.2f}" for what, value in results[name].items()))
        browser.close()
    target = ROOT / "bench" / "results" / "report.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"limits": LIMITS, "runs": runs, **results}, indent=1) + "\n")
    missed = [f"{name} {what}" for name, row in results.items() for what, limit in LIMITS.items() if row[what] >= limit]
    print(f"over the limit: {', '.join(missed)}" if missed else "all within the limits", f"({target})")


def measured(make: Callable[[], Run], file: Path, browser: Browser, runs: int) -> dict[str, float]:
    """Medians: seconds, seconds, megabytes. The first rendering compiles the templates and counts like the others."""
    run = make()
    renders, opens = [], []
    for _ in range(runs):
        began = time.perf_counter()
        text = render_html(run)
        renders.append(time.perf_counter() - began)
        file.write_text(text)
        opens.append(opened(browser, file))
    return {
        "renders": statistics.median(renders),
        "opens": statistics.median(opens),
        "megabytes": file.stat().st_size / 1e6,
    }


def opened(browser: Browser, file: Path) -> float:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    loaded = float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")) / 1000
    began = time.perf_counter()
    page.fill("#search-text", "findings")
    page.wait_for_selector("#search-found a")
    answered = time.perf_counter() - began
    context.close()
    return loaded + answered


if __name__ == "__main__":
    main()
