"""A service that lies in its banner and in its name, scanned for real: nothing it says acts on a reader.

Real listeners on the host, a whole scan from outside with nmap's version detection, then the page, the terminal and the
document that come of it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scanner.codec import run_from_json
from scanner.lab.lab import Lab
from scanner.lab.personalities import personality
from scanner.model.run import Run

# nmap matches "220 vsFTPd (.*) ready..." and takes the group as the version
PORTS = {"2121": "vsftpd", "2122": "megabyte", "2123": "zeros"}
SCRIPT_DATA = ("run-document", "other-words")  # what the page's own script reads
SERVER = r"""
import socket, threading
open("/proc/self/comm", "w").write("<b>\x1b[31m\u202e")
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\x1b]0;owned\x07\u202eevil\u2066\x9b2J{{ 7*7 }}"
BANNERS = {
    2121: ("220 vsFTPd " + EVIL[:25] + "\x1b[31m\u202e{{ 7*7 }} ready...\r\n").encode(),  # nmap takes 80 letters
    2122: (EVIL + "A" * 1_000_000 + "\r\n").encode(),
    2123: ("\0" * 4096 + EVIL + "\r\n").encode(),
}
def serve(port, banner):
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("::", port))
    listener.listen(64)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=say, args=(connection, banner), daemon=True).start()
def say(connection, banner):
    try:
        connection.settimeout(5)
        connection.sendall(banner)
        connection.close()
    except OSError:
        pass
for port, banner in BANNERS.items():
    threading.Thread(target=serve, args=(port, banner)).start()
print("ready", flush=True)
"""
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Told:
    """What one scan wrote."""

    html: str
    json: str
    terminal: str
    run: Run


@pytest.fixture(scope="module")
def told(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    directory = tmp_path_factory.mktemp("hostile")
    lab.apply(personality("pass-all"))
    server = lab.popen("host", [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield scanned(lab, directory)
    finally:
        server.kill()
        server.wait()


def scanned(lab: Lab, directory: Path) -> Told:
    argv = (
        *(sys.executable, "-m", "scanner.cli.main", "scan", "--vantage", f"netns:{lab.node('inet')}"),
        *("--tcp", ",".join(PORTS), "--udp", "", "--rate", "5000", "--battery", "none"),
        *("-o", f"html={directory / 'run.html'}", "-o", f"json={directory / 'run.json'}"),
    )
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(directory), "XDG_STATE_HOME": str(directory)}
    done = lab.exec("host", argv, check=False, capture_output=True, timeout=120, env=environment)
    assert (directory / "run.json").exists(), done.stderr.decode()[-2000:]
    document = (directory / "run.json").read_text()
    return Told((directory / "run.html").read_text(), document, done.stdout.decode(), run_from_json(document))


def test_the_lie_came_in(told: Told) -> None:
    """Else the other tests test nothing."""
    assert {str(finding.port) for finding in told.run.findings if finding.port} >= set(PORTS)
    banners = [service.version for service in told.run.services if service.product == "vsftpd"]
    assert banners
    assert all("<script>alert(1)</script>" in banner for banner in banners)
    assert any("<b>\x1b[31m" in listener.process or "[31m" in listener.process for listener in told.run.listeners)


def test_nothing_in_the_page_acts(told: Told) -> None:
    assert not ACTING.findall(told.html)
    data = [f'<script type="application/json" id="{name}">' for name in SCRIPT_DATA]
    assert re.findall(r"<script[^>]*>", told.html) == [*data, "<script>"]
    assert "<img" not in told.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in told.html
    assert "{{ 7*7 }}" in told.html.replace("&#123;", "{")
    assert len(told.html) < 1_500_000


def test_nothing_on_the_terminal_acts(told: Told) -> None:
    assert not ACTING.findall(told.terminal)
    assert "tcp/2121" in told.terminal
    assert len(told.terminal.splitlines()) <= 24


def test_the_document_holds_it_as_data(told: Told) -> None:
    assert not re.findall("[\x00-\x09\x0b-\x1f\x7f]", told.json)
    assert json.loads(told.json)["schema"] == "v6expose/run/1"
    assert all(len(service.version) + len(service.product) < 10_000 for service in told.run.services)


def test_a_browser_shows_it_and_does_nothing_else(told: Told, tmp_path: Path) -> None:
    import shutil

    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium")
    file = tmp_path / "run.html"
    file.write_text(told.html)
    seen: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(offline=True).new_page()
        page.on("request", lambda request: seen.append(request.url))
        page.on("console", lambda message: seen.append(message.text))
        page.on("dialog", lambda dialog: seen.append(dialog.message))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.goto(file.as_uri())
        shown = page.inner_text("#ports")
        browser.close()
    assert seen == [file.as_uri()]
    assert "<script>alert(1)</script>" in shown
