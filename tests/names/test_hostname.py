import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.names.hostname import parse_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("www.example.org", "www.example.org"),
        (" WWW.Example.ORG. ", "www.example.org"),
        ("*.example.org", "*.example.org"),
        ("_dmarc.example.org", "_dmarc.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_name_is_written_one_way(text: str, name: str) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize(
    "text",
    ["", ".", "localhost", "www..org", "-a.example", "a-.example", "a b.example", "2001:db8::1", "192.0.2.1",
     "www.*.org", "a" * 64 + ".org", ".".join(["abcdefgh"] * 40), "http://example.org", "a.example\x1b[31m"],
)  # fmt: skip
def test_what_is_no_name_is_named_with_the_remedy(text: str) -> None:
    with pytest.raises(InputError, match=r"domain name: write a full domain name") as caught:
        parse_name(text)
    assert repr(text) in caught.value.message


@given(st.text(max_size=80))
def test_a_parsed_name_parses_to_itself(text: str) -> None:
    try:
        name = parse_name(text)
    except InputError:
        return
    assert parse_name(name) == name
    assert name.isascii()
