"""Messages in another language: values, counts, nested texts, markup, and what nobody translated."""

import pytest
from markupsafe import Markup

from scanner.language import translator
from scanner.model.errors import InputError
from scanner.model.text import capitalised, clauses, enumerated, say, say_many

JA = translator("ja")


def test_english_is_what_the_source_says() -> None:
    text = say("{service} answers strangers on {protocol}/{port}", service="SSH", protocol="tcp", port=22)
    assert translator("en").translate(text) == "SSH answers strangers on tcp/22"


def test_values_come_where_the_translation_wants_them() -> None:
    text = say("{service} answers strangers on {protocol}/{port}", service=say("SSH"), protocol="tcp", port=22)
    assert JA.translate(text) == "SSHが tcp/22 で外部に応答"


def test_one_and_many_have_one_form_in_japanese() -> None:
    for count in (1, 65_535):
        assert JA.translate(say_many("{count:,} port", "{count:,} ports", count)) == f"{count:,} ポート"


def test_texts_in_texts_are_translated_and_capitals_do_not_hide_them() -> None:
    told = say("{told}.", told=capitalised(clauses([say("the run is incomplete"), say("nobody watched inside")])))
    assert told == "The run is incomplete; nobody watched inside."
    assert JA.translate(told) == "実行が完了していません。内側で監視していません。"


def test_lists_are_joined_as_japanese_joins_them() -> None:
    assert JA.translate(enumerated(["a", "b", "c"])) == "a、b、c"


def test_foreign_text_stays_as_it_is() -> None:
    assert JA.translate("SSH-2.0-OpenSSH_9.2 {0}") == "SSH-2.0-OpenSSH_9.2 {0}"


def test_a_value_with_braces_is_no_template() -> None:
    assert JA.translate(say("vendor {vendor}", vendor="{0} {x}")) == "ベンダーは {0} {x}"


def test_markup_in_a_value_stays_markup_and_everything_else_is_escaped() -> None:
    told = JA.gettext("Everything else in {prefix}", prefix=Markup("<code>2001:db8::/64</code>"))
    assert told == Markup("<code>2001:db8::/64</code> のほかのすべて")
    assert "&lt;b&gt;" in str(Markup.escape(JA.gettext("Compared with: {run}.", run="<b>")))


def test_a_language_that_nobody_speaks_is_an_error_that_names_those_spoken() -> None:
    with pytest.raises(InputError, match=r"'de' .* en, ja"):
        translator("de")
