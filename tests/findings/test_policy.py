"""The owner's policy: what it allows, and how its errors are told."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.findings.policy import AddressRole, Allow, Policy, parse_policy
from scanner.model.address import Kind
from scanner.model.errors import InputError
from scanner.model.ports import PortSet

WEB = {"protocol": "tcp", "ports": "80,443", "address": "stable", "reason": "the family site"}


def test_a_policy_is_parsed_into_values() -> None:
    expected = Allow("tcp", PortSet.parse("80,443"), AddressRole.STABLE, "the family site")
    assert parse_policy({"allow": [WEB]}, "p.toml") == Policy((expected,))


@pytest.mark.parametrize("document", [{}, {"allow": []}])
def test_an_empty_policy_allows_nothing(document: dict[str, Any]) -> None:
    assert parse_policy(document, "p.toml") == Policy()


def test_address_reason_and_a_bare_number_are_optional_comforts() -> None:
    expected = Allow("udp", PortSet.of([51820]), AddressRole.ANY, "")
    assert parse_policy({"allow": [{"protocol": "udp", "ports": 51820}]}, "p.toml") == Policy((expected,))


@pytest.mark.parametrize(
    ("role", "protocol", "kind", "expected"),
    [
        ("any", "tcp", Kind.STABLE, {22}),
        ("any", "tcp", Kind.TEMPORARY, {22}),
        ("stable", "tcp", Kind.STABLE, {22}),
        ("stable", "tcp", Kind.TEMPORARY, set()),
        ("temporary", "tcp", Kind.STABLE, set()),
        ("temporary", "tcp", Kind.TEMPORARY, {22}),
        ("any", "udp", Kind.STABLE, set()),
    ],
)
def test_an_entry_speaks_of_its_protocol_and_role_only(
    role: str, protocol: str, kind: Kind, expected: set[int]
) -> None:
    policy = parse_policy({"allow": [{"protocol": "tcp", "ports": "22", "address": role}]}, "p.toml")
    assert policy.allowed(protocol, kind) == expected


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"deny": []}, "unknown key 'deny'"),
        ({"allow": "22"}, "allow is no list of tables"),
        ({"allow": {"protocol": "tcp"}}, "allow is no list of tables"),
        ({"allow": [22]}, "allow is no list of tables"),
        ({"allow": [WEB | {"port": "22"}]}, "allow 1: unknown key 'port'"),
        ({"allow": [WEB, WEB | {"protocol": "sctp"}]}, "allow 2: protocol is 'sctp'"),
        ({"allow": [{"ports": "22"}]}, "allow 1: protocol is missing"),
        ({"allow": [{"protocol": "tcp"}]}, "allow 1: ports is missing"),
        ({"allow": [WEB | {"ports": ""}]}, "allow 1: ports is empty"),
        ({"allow": [WEB | {"ports": True}]}, "allow 1: ports is True"),
        ({"allow": [WEB | {"ports": "22,http"}]}, "allow 1: 'http'"),
        ({"allow": [WEB | {"ports": "70000"}]}, "port 70000 does not exist"),
        ({"allow": [WEB | {"address": "eth0"}]}, "allow 1: address is 'eth0'"),
        ({"allow": [WEB | {"reason": 7}]}, "allow 1: reason is 7"),
    ],
)
def test_an_error_names_the_entry_and_what_is_wrong(document: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_policy(document, "p.toml")
    assert complaint in caught.value.message
    assert caught.value.message.startswith("policy p.toml: ")


def test_all_errors_are_told_at_once() -> None:
    document = {"deny": 1, "allow": [{"protocol": "icmp", "ports": "0"}, WEB | {"address": "lan"}]}
    with pytest.raises(InputError) as caught:
        parse_policy(document, "p.toml")
    for complaint in ("'deny'", "allow 1: protocol", "allow 1: port 0", "allow 2: address"):
        assert complaint in caught.value.message


words = st.text("0129,-ax \n'\"é", max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
entries = st.dictionaries(st.sampled_from(["protocol", "ports", "address", "reason", "x"]), values, max_size=5)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["allow", "deny"]), st.lists(entries, max_size=3) | values, max_size=2))
def test_any_document_gives_a_policy_or_one_line_that_names_the_file(document: dict[str, Any]) -> None:
    outcome: Policy | str
    try:
        outcome = parse_policy(document, "p.toml")
    except InputError as caught:
        outcome = caught.message
    if isinstance(outcome, Policy):
        assert all(entry.protocol in ("tcp", "udp") and entry.ports for entry in outcome.allow)
    else:
        assert outcome.startswith("policy p.toml: ")
        assert "\n" not in outcome
