from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.model.names import Server


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.53", "192.0.2.53", 53),
        ("192.0.2.53:5353", "192.0.2.53", 5353),
        ("2001:db8::53", "2001:db8::53", 53),
        ("[2001:db8::53]", "2001:db8::53", 53),
        ("[2001:db8::53]:65535", "2001:db8::53", 65535),
    ],
)
def test_a_server_is_an_address_and_a_port(text: str, address: str, port: int) -> None:
    server = Server.parse(text)
    assert (str(server.address), server.port) == (address, port)
    assert Server.parse(str(server)) == server


@pytest.mark.parametrize(
    "text",
    ["", "dns.example.org", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "[2001:db8::1", "[::1]x", "[::1]:x"],
)
def test_what_is_none_is_named(text: str) -> None:
    with pytest.raises(InputError, match="is no address of a name server: write"):
        Server.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_server_or_an_input_error(text: str) -> None:
    with suppress(InputError):
        assert Server.parse(text).port <= 65535
