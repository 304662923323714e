"""data/routers.toml and its parser."""

from pathlib import Path
from typing import Any

import pytest

import scanner
from scanner.model.errors import InputError
from scanner.remedies.render import _environment, has_template, render
from scanner.remedies.routers import load_routers, parse_routers

ROW = {"id": "a", "name": "A", "kind": "router", "language": "console", "source": "A's manual"}


def test_the_catalogue_has_a_template_for_each_row() -> None:
    assert len(load_routers()) > 20
    assert all(has_template(one.id) for one in load_routers())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"id": ""}, "has no id"),
        ({"source": None}, "has no source"),
        ({"kind": "toaster"}, "'toaster'"),
        ({"language": "cobol"}, "'cobol'"),
        ({"networks": ["2001:db8::1/32"]}, "host bits"),
    ],
)
def test_a_row_that_does_not_fit_is_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        parse_routers({"router": [{**ROW, **change}]})
    assert "routers.toml: row 1" in caught.value.message


def test_a_row_stands_there_once() -> None:
    with pytest.raises(InputError, match="stands there twice"):
        parse_routers({"router": [ROW, ROW]})


def test_words_for_guessing_are_small() -> None:
    for router in load_routers():
        assert all(word == word.lower() for word in (*router.vendors, *router.domains)), router.id


def test_templates_come_out_of_an_installed_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel holds them inside the package (pyproject.toml, force-include)."""
    folder = tmp_path / "scanner" / "_templates" / "remedies"
    folder.mkdir(parents=True)
    (folder / "one.j2").write_text("\n{{ _('Allow') }} {{ here }}\n\n")
    monkeypatch.setattr(scanner, "__file__", str(tmp_path / "scanner" / "__init__.py"))
    _environment.cache_clear()
    try:
        assert render("one", here="443") == "Allow 443\n"
    finally:
        _environment.cache_clear()
