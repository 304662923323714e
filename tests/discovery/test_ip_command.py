"""What ``ip -j`` of several releases prints, and what nobody should."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.discovery.classify import FOREVER, AddressFlag
from scanner.discovery.ip_command import FLAGS, parse_addresses, read_addresses
from scanner.model.errors import EnvironmentFault

ENTRY = {
    "family": "inet6",
    "local": "2001:db8::1",
    "prefixlen": 64,
    "scope": "global",
    "valid_life_time": 600,
    "preferred_life_time": 300,
}


def addresses(*entries: object) -> str:
    return json.dumps([{"ifindex": 2, "ifname": "eth0", "addr_info": list(entries)}])


LINKS = json.dumps([{"ifindex": 2, "ifname": "eth0", "address": "52:54:00:12:34:56", "permaddr": "52:54:00:ff:ff:ff"}])


def test_an_address_with_everything() -> None:
    entry = {**ENTRY, "dynamic": True, "mngtmpaddr": True, "stable-privacy": True, "protocol": "kernel_ra"}
    (found,) = parse_addresses(addresses(entry), LINKS, json.dumps([{"token": "::53", "ifname": "eth0"}]))
    assert found.flags == AddressFlag.MANAGETEMPADDR | AddressFlag.STABLE_PRIVACY
    assert (found.protocol, found.preferred, found.valid) == (2, 300, 600)
    assert (found.link.index, found.link.name, str(found.link.token)) == (2, "eth0", "::53")
    assert found.link.hardware == ("52:54:00:12:34:56", "52:54:00:ff:ff:ff")


def test_without_dynamic_it_is_permanent() -> None:
    (found,) = parse_addresses(addresses({**ENTRY, "valid_life_time": FOREVER}), LINKS, "")
    assert found.flags == AddressFlag.PERMANENT


@pytest.mark.parametrize(("word", "flag"), FLAGS.items())
def test_every_word_is_a_flag(word: str, flag: AddressFlag) -> None:
    (found,) = parse_addresses(addresses({**ENTRY, "dynamic": True, word: True}), LINKS, "[]")
    assert flag == found.flags


def test_empty_objects_are_passed_over() -> None:
    text = json.dumps([{}, {"ifindex": 2, "ifname": "eth0", "addr_info": [{}, ENTRY]}, {}])
    assert len(parse_addresses(text, json.dumps([{}, *json.loads(LINKS)]), json.dumps([{}]))) == 1


def test_our_end_of_a_point_to_point_link() -> None:
    (found,) = parse_addresses(addresses({**ENTRY, "address": "2001:db8::2"}), LINKS, "")
    assert str(found.ip) == "2001:db8::1"


def test_no_token_is_none() -> None:
    (found,) = parse_addresses(addresses(ENTRY), LINKS, json.dumps([{"token": "::", "ifname": "eth0"}]))
    assert found.link.token is None


@pytest.mark.parametrize("text", ["{", "7", '["x"]', '[{"addr_info":[{"local":"x"}]}]', '"text"', "[" * 100_000])
def test_something_else_is_a_fault_that_names_ip(text: str) -> None:
    with pytest.raises(EnvironmentFault, match="`ip -j` writes something else"):
        parse_addresses(text, LINKS, "[]")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ifindex", "ifname", "addr_info", "local", "prefixlen", "family", "token", "protocol"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON, JSON)
def test_any_json_gives_addresses_or_a_fault(first: object, second: object, third: object) -> None:
    with suppress(EnvironmentFault):
        parse_addresses(json.dumps([first]), json.dumps(second), json.dumps(third))


@given(st.text())
def test_any_text_gives_addresses_or_a_fault(text: str) -> None:
    with suppress(EnvironmentFault):
        parse_addresses(text, LINKS, "[]")


def test_without_ip_the_fault_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EnvironmentFault, match=r"`ip -j -6 addr` cannot be run .*: install iproute2"):
        read_addresses()


def test_a_failing_ip_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ip"
    program.write_text('#!/bin/sh\necho "Option \\"-j\\" is unknown, try \\"ip -help\\"." >&2\nexit 255\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(EnvironmentFault, match='Option "-j" is unknown'):
        read_addresses()
