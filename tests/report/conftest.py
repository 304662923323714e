"""One browser for this room: Debian's chromium, driven by playwright, on files. Nothing here needs a network."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from scanner.language import NAMES, translator
from scanner.report.html import render_html

from .sample import SAMPLES

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAPER = 718  # CSS pixels between the margins of an A4 page


def _spoken(language: str) -> bool:
    try:
        translator(language)
    except FileNotFoundError:
        return False
    return True


LANGUAGES = tuple(language for language in NAMES if _spoken(language))


@dataclass
class Visit:
    """A page that was opened, and everything it did that it should not do."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Gone before the next room's tests: while playwright runs, its event loop stands in the way of pyroute2's."""
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def file_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The page of a sample as a file, rendered once."""
    directory = tmp_path_factory.mktemp("pages")

    def file(name: str, language: str = "en") -> Path:
        path = directory / f"{name}-{language}.html"
        if not path.exists():
            path.write_text(render_html(SAMPLES[name](), language))
        return path

    return file


@pytest.fixture
def visit(browser: Browser, file_of: Callable[..., Path]) -> Iterator[Callable[..., Visit]]:
    """Opens a sample, or a file; what it opened is closed at the end."""
    contexts = []

    def open_one(
        what: str | Path,
        language: str = "en",
        *,
        width: int = 1280,
        scheme: str = "light",
        scripts: bool = True,
        bypass_csp: bool = False,
        fragment: str = "",
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts,
            offline=True,
            bypass_csp=bypass_csp,
        )
        contexts.append(context)
        made = Visit(context.new_page())

        def note(request: Request) -> None:
            made.requests.append(request.url)

        made.page.on("request", note)
        made.page.on("console", lambda message: made.complaints.append(message.text))
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("dialog", lambda dialog: made.complaints.append(f"dialog: {dialog.message}"))
        file = what if isinstance(what, Path) else file_of(what, language)
        made.page.goto(file.as_uri() + fragment)
        return made

    yield open_one
    for context in contexts:
        context.close()
