"""``v6expose report`` and ``v6expose schema`` as a user types them."""

import gzip
import json
import os
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.codec import run_from_json, run_schema_json, run_to_json
from scanner.report.html import render_html

from .sample import SAMPLES, before_fix

DOCUMENT = run_to_json(before_fix())


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "run.json"
    path.write_text(DOCUMENT)
    return str(path)


def run(*arguments: object, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=given)


def test_schema_prints_the_schema() -> None:
    result = run("schema")
    assert (result.exit_code, result.stdout) == (0, run_schema_json())
    assert json.loads(run("schema", "--json").stdout)["$id"] == "urn:v6expose:run:1"


def test_report_summarises(file: str) -> None:
    result = run("report", file)
    assert result.exit_code == 0
    assert result.stdout.startswith("Grade F")
    assert result.stderr == ""


def test_report_takes_standard_input_and_what_the_page_offers() -> None:
    assert run("report", "-", given=DOCUMENT).stdout.startswith("Grade F")
    assert run("report", "-", given=gzip.compress(DOCUMENT.encode())).stdout.startswith("Grade F")


def test_report_writes_files_and_says_where(file: str, tmp_path: Path) -> None:
    page, copy = tmp_path / "page.html", tmp_path / "copy.json"
    result = run("report", file, "-o", f"html={page}", "-o", f"json={copy}")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [f"html: {page}", f"json: {copy}"]
    assert page.read_text() == render_html(before_fix())
    assert run_from_json(copy.read_text()) == before_fix()


def test_quiet_is_quiet(file: str, tmp_path: Path) -> None:
    result = run("report", "-q", file, "-o", f"html={tmp_path / 'page.html'}")
    assert (result.exit_code, result.output) == (0, "")
    assert run("report", "-q", file).output == ""


@pytest.mark.parametrize("options", [["--json"], ["-o", "json=-"]])
def test_data_on_standard_output_is_nothing_but_data(file: str, options: list[str]) -> None:
    result = run("report", file, *options)
    assert (result.exit_code, result.stdout, result.stderr) == (0, DOCUMENT, "")


def one_line_about(result: Result, *words: str) -> None:
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("v6expose: ")
    assert len(result.stderr.splitlines()) == 1
    assert all(word in result.stderr for word in words), result.stderr


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"{}",
        b"[]",
        b"not json",
        b"\xff\xfe",
        b'{"schema": "v6expose/run/2"}',
        b"[" * 100_000,
        b"\x1f\x8bnot gzip",
        gzip.compress(DOCUMENT.encode())[:-200],
        DOCUMENT.encode().replace(b'"open"', b'"\\u001b[31mopen\\n"'),
        DOCUMENT.encode().replace(b'"22,80', b'"80,22'),
        DOCUMENT.encode()[:-500],
        DOCUMENT.encode().replace(b'"address": "2001:db8:a:1:5054', b'"address": "not an address'),
    ],
)
def test_a_bad_document_is_one_line(given: bytes) -> None:
    result = run("report", "-", given=given)
    one_line_about(result, "-o json=PATH")
    assert "\x1b" not in result.stderr


def test_a_gzip_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.cli.report.LARGEST", 1000)
    one_line_about(run("report", "-", given=gzip.compress(DOCUMENT.encode())), "1,000 bytes")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    one_line_about(run("report", tmp_path / "none.json"), "none.json", "No such file")
    one_line_about(run("report", tmp_path), "directory")


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (["html"], ["'html'", "FORMAT=PATH"]),
        (["html="], ["FORMAT=PATH"]),
        (["cobol=x.pdf"], ["'cobol'", "html, json"]),
        (["html=-", "json=-"], ["standard output"]),
        (["html=/nowhere/x.html"], ["/nowhere", "no directory"]),
    ],
)
def test_a_bad_output_is_one_line_and_nothing_is_written(file: str, outputs: list[str], words: list[str]) -> None:
    options = [part for output in outputs for part in ("-o", output)]
    one_line_about(run("report", file, *options), *words)


def test_a_document_saved_elsewhere_is_told_and_is_no_success(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.report.write.check_writable", lambda _: None)
    monkeypatch.setitem(os.environ, "XDG_STATE_HOME", str(tmp_path / "state"))
    result = run("report", file, "-o", "html=/proc/page.html")
    assert result.exit_code == 3
    saved = next((tmp_path / "state/v6expose").iterdir())
    assert f"saved as {saved}" in result.stderr
    assert saved.read_text() == render_html(before_fix())


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_can_be_told_again(name: str) -> None:
    result = run("report", "-", given=run_to_json(SAMPLES[name]()))
    assert result.exit_code == 0
    assert result.stdout.startswith("Grade ")


def test_zlib_agrees_with_what_is_written() -> None:
    """RFC 1952 through zlib: window bits 31."""
    assert zlib.decompress(gzip.compress(b"x"), 31) == b"x"


def test_a_document_that_cannot_be_made_loses_nothing(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours in one format: the others are written, and the run document in its place."""

    def broken(*_: object) -> str:
        raise KeyError("no such thing")

    monkeypatch.setattr("scanner.report.html.render_html", broken)
    page, table = tmp_path / "report.html", tmp_path / "run.csv"
    done = run("report", file, "-o", f"html={page}", "-o", f"csv={table}")
    assert done.exit_code == 3
    assert "html could not be made (KeyError" in done.stderr
    assert not page.exists()
    assert table.read_text().startswith("run,host,kind")
    assert run_from_json((tmp_path / "report.html.json").read_text()) == before_fix()
