"""Sections, keys, lines."""

from hypothesis import given
from hypothesis import strategies as st

from scanner.privacy.change import set_in_ini
from scanner.privacy.ini import Entry, parse_ini


def test_entries_keep_their_lines_and_oddities_are_named() -> None:
    ini = parse_ini("a=1\n[S]\n# c\n; c\nK = v = w \nword\n[ T ]\nK=2\n=x\n")
    assert ini.entries == (Entry("S", "K", "v = w", 5), Entry(" T ", "K", "2", 8))
    assert [line for line, _ in ini.complaints] == [1, 6, 9]


def test_a_continued_line_skips_comments_and_counts_from_its_first_line() -> None:
    text = "[S]\nK=a\\\n# between\n b\nL=c"
    assert parse_ini(text, continued=True).entries == (Entry("S", "K", "a  b", 2), Entry("S", "L", "c", 5))
    assert parse_ini("[S]\nK=a\\", continued=True).entries == (Entry("S", "K", "a", 2),)


def test_the_last_assignment_wins() -> None:
    ini = parse_ini("[S]\nK=1\n[T]\nK=2\n[S]\nK=3\n")
    assert (ini.value("S", "K"), ini.value("S", "none", "x")) == ("3", "x")


@given(st.text(), st.booleans())
def test_no_text_breaks_it(text: str, continued: bool) -> None:  # noqa: FBT001
    ini = parse_ini(text, continued=continued)
    lines = text.count("\n") + 1
    assert all(1 <= entry.line <= lines for entry in ini.entries)


def test_setting_a_key_leaves_everything_else_alone() -> None:
    text = "# c\n[a]\nx=1\n\n[b]\nk = old ; not a comment\nz=2\n"
    assert set_in_ini(text, "b", "k", "new") == text.replace("k = old ; not a comment", "k=new")
    assert set_in_ini(text, "a", "y", "5") == text.replace("x=1\n", "x=1\ny=5\n")
    assert set_in_ini(text, "c", "k", "v") == text + "\n[c]\nk=v\n"
    assert set_in_ini("", "c", "k", "v") == "[c]\nk=v\n"


@given(st.text(), st.text("ab", min_size=1), st.text("xyz", min_size=1))
def test_what_is_set_is_read(text: str, section: str, key: str) -> None:
    assert parse_ini(set_in_ini(text, section, key, "7")).value(section, key) == "7"
