"""The policy file: what it says, and every mistake in it at once, each with its line."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.address import Kind
from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.settings import Profile
from scanner.policy import AddressRole, Allow, Policy, Require, Waiver
from scanner.policy.parse import parse_item, parse_policy

FULL = """
host = "www.example.org"

[[allow]]
protocol = "tcp"
ports = "80,443"
address = "stable"
from = ["vps", "office"]
must_answer = true
reason = "the family site"

[require]
router_drops_unlisted = true
vantages_proven_outside = 2
false_blocked_at_most = 1e-4
profile = "full"
upstream_may_stop = 25

[[waive]]
item = "tcp/0445"
reason = "moving"
until = 2026-12-31
"""


def mistakes(text: str, host: str | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse_policy(text, "p.toml", host)
    return [str(one) for one in caught.value.each]


def test_a_policy_is_parsed_into_values() -> None:
    assert parse_policy(FULL, "p.toml") == Policy(
        allow=(
            Allow(
                "tcp",
                PortSet.parse("80,443"),
                AddressRole.STABLE,
                "the family site",
                ("vps", "office"),
                must_answer=True,
            ),
        ),
        require=Require(
            router_drops_unlisted=True,
            vantages_proven_outside=2,
            false_blocked_at_most=1e-4,
            profile=Profile.FULL,
            upstream_may_stop=PortSet.of([25]),
        ),
        waive=(Waiver("tcp/445", "moving", date(2026, 12, 31)),),
        host="www.example.org",
    )


def test_everything_knows_its_line() -> None:
    policy = parse_policy(FULL, "p.toml")
    assert (policy.host_line, policy.allow[0].line, policy.waive[0].line) == (2, 4, 19)
    assert policy.require.lines["profile"] == 16


@pytest.mark.parametrize("text", ["", "allow = []", "[require]", "# nothing\n"])
def test_an_empty_policy_allows_nothing_and_wants_a_whole_run(text: str) -> None:
    policy = parse_policy(text, "p.toml")
    assert policy == Policy()
    assert [fact for fact in ("complete_run", "no_way_through") if policy.require.asks_for(fact)] == ["complete_run"]


def test_a_document_of_the_first_release_means_the_same() -> None:
    """Entries that overlap, numbers as ports, no other keys."""
    text = '[[allow]]\nprotocol = "udp"\nports = 51820\n' * 2 + '[[allow]]\nprotocol = "tcp"\nports = "22-80,443"\n'
    policy = parse_policy(text, "p.toml")
    assert policy.allowed("udp", Kind.TEMPORARY) == {51820}
    assert policy.allowed("tcp", None) == {*range(22, 81), 443}


@pytest.mark.parametrize(
    ("role", "protocol", "kind", "expected"),
    [
        ("any", "tcp", Kind.STABLE, {22}),
        ("any", "tcp", Kind.TEMPORARY, {22}),
        ("any", "tcp", None, {22}),
        ("stable", "tcp", Kind.STABLE, {22}),
        ("stable", "tcp", Kind.TEMPORARY, set()),
        ("stable", "tcp", None, set()),
        ("temporary", "tcp", Kind.STABLE, set()),
        ("temporary", "tcp", Kind.TEMPORARY, {22}),
        ("any", "udp", Kind.STABLE, set()),
    ],
)
def test_an_entry_speaks_of_its_protocol_and_role_only(
    role: str, protocol: str, kind: Kind, expected: set[int]
) -> None:
    policy = parse_policy(f'[[allow]]\nprotocol = "tcp"\nports = "22"\naddress = "{role}"\n', "p.toml")
    assert policy.allowed(protocol, kind) == expected


def test_an_entry_speaks_of_its_vantages_only() -> None:
    policy = parse_policy('[[allow]]\nprotocol = "tcp"\nports = "22"\nfrom = "office"\n', "p.toml")
    allowed = {name: policy.allowed("tcp", Kind.STABLE, name) for name in ("office", "vps", None)}
    assert allowed == {"office": {22}, "vps": set(), None: {22}}
    everybody = parse_policy('[[allow]]\nprotocol = "tcp"\nports = "22"\nfrom = "any"\n', "p.toml")
    assert everybody.allowed("tcp", Kind.STABLE, "vps") == {22}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("deny = 1", "1: unknown key 'deny': known are host, allow, require, waive"),
        ("\nhosts = 1", "2: unknown key 'hosts': did you mean host?"),
        ("host = 1", "1: host is 1: write a text in quotation marks"),
        ('host = " "', "1: host is empty: say it in a few words"),
        ('allow = "22"', "1: allow is no list of tables: write [[allow]]"),
        ("[allow]\nx = 1", "1: allow is no list of tables: write [[allow]]"),
        ("waive = [1]", "1: waive is no list of tables: write [[waive]]"),
        ("require = true", "1: require is no table: write [require]"),
        ("[require]\n\nno_way_thru = true", "3: unknown key 'no_way_thru' in [require]: did you mean no_way_through?"),
        ("[require]\nno_way_through = 1", "2: no_way_through in [require] is 1: write true or false"),
        ("[require]\nvantages_proven_outside = -1", "2: vantages_proven_outside in [require] is -1: write a whole"),
        ("[require]\nvantages_proven_outside = true", "2: vantages_proven_outside in [require] is true: write"),
        ("[require]\nfalse_blocked_at_most = 1.1", "2: false_blocked_at_most in [require] is 1.1: write a probability"),
        ("[require]\nfalse_blocked_at_most = nan", "2: false_blocked_at_most in [require] is nan: write"),
        ('[require]\nprofile = "deep"', "2: profile in [require] is 'deep': use quick, standard or full"),
        ('[require]\nmay_stay_untried = "x"', "2: may_stay_untried in [require] is 'x': write a list of names"),
        ('[require]\nlan_may_pass = "x"', "2: lan_may_pass in [require] is 'x': 'x' in port list 'x' is no port"),
    ],
)
def test_a_mistake_is_told_with_line_and_remedy(text: str, complaint: str) -> None:
    told = mistakes(text)
    assert len(told) == 1
    assert told[0].startswith(f"p.toml:{complaint}")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('protocol = "sctp"', "protocol in [[allow]] is 'sctp': use tcp or udp"),
        ("", "protocol is missing in [[allow]]"),
        ('ports = ""', "ports in [[allow]] is empty: name at least one port"),
        ("ports = true", "ports in [[allow]] is true"),
        ('ports = "22,http"', "ports in [[allow]] is '22,http': 'http' in port list"),
        ('ports = "70000"', "ports in [[allow]] is '70000': port 70000 does not exist: ports run from 1 to 65535"),
        ("ports = 0", "ports in [[allow]] is '0': port 0 does not exist"),
        ('ports = "9-3"', "ports in [[allow]] is '9-3': port range '9-3' runs backwards: write 3-9"),
        ('address = "eth0"', "address in [[allow]] is 'eth0': use any, stable or temporary"),
        ("reason = 7", "reason in [[allow]] is 7"),
        ("from = []", "from in [[allow]] is a list"),
        ('from = ["any", "vps"]', "from in [[allow]] names any and others"),
        ("must_answer = 1", "must_answer in [[allow]] is 1"),
        ("prots = 1", "unknown key 'prots' in [[allow]]: did you mean ports?"),
    ],
)
def test_mistakes_of_an_entry(line: str, complaint: str) -> None:
    good = {"protocol": 'protocol = "tcp"', "ports": 'ports = "22"'}
    key = line.partition(" ")[0] or "protocol"
    rest = [text for name, text in good.items() if name != key]
    told = mistakes("\n".join(["# x", "[[allow]]", *rest, line]))
    assert len(told) == 1
    assert told[0].startswith(f"p.toml:{len(rest) + 3 if line else 2}: {complaint}")


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (['item = "tcp/445"', 'reason = "x"'], "1: until is missing in [[waive]]: write until = 2026-12-31"),
        (['item = "tcp/445"', 'reason = ""', "until = 2026-12-31"], "3: reason in [[waive]] is empty"),
        (['item = "tcp/0"', 'reason = "x"', "until = 2026-12-31"], "2: item in [[waive]] port 0 does not exist"),
        (['item = "all"', 'reason = "x"', "until = 2026-12-31"], "2: item in [[waive]] is 'all': use tcp/PORT"),
        (['item = "tcp/1"', 'reason = "x"', 'until = "2026-02-30"'], "4: until in [[waive]] is '2026-02-30': write a"),
        (['item = "tcp/1"', 'reason = "x"', "until = 2026-02-03T00:00:00Z"], "4: until in [[waive]] is 2026-02-03T00"),
        (['item = "tcp/1"', 'reason = "x"', "until = 20261231"], "4: until in [[waive]] is 20261231"),
    ],
)
def test_mistakes_of_a_waiver(lines: list[str], complaint: str) -> None:
    told = mistakes("\n".join(["[[waive]]", *lines]))
    assert len(told) == 1
    assert told[0].startswith(f"p.toml:{complaint}")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a = 1\n[[allow]\n", "p.toml:2: not TOML: Expected ']]' at the end of an array declaration: mend that line"),
        ("a = 1\na = 2\n", "p.toml:2: not TOML: Cannot overwrite a value"),
        ('\n\nx = "', "p.toml:3: not TOML: "),
        ("x = " + "9" * 5000, "p.toml:1: not TOML: Exceeds the limit"),
        ("x = " + "[" * 100_000, "p.toml:1: nested too deeply"),
        ("#" * 2_000_000, "p.toml:1: the policy is longer than 1,048,576 characters"),
        ("until = 2026-13-01", "p.toml:1: not TOML: "),
    ],
)
def test_what_is_not_toml(text: str, complaint: str) -> None:
    told = mistakes(text)
    assert len(told) == 1
    assert told[0].startswith(complaint)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines() -> None:
    text = 'deny = 1\n[[waive]]\nitem = "x"\n[[allow]]\nports = "0"\n[require]\nx = 1\nprofile = 2\n'
    assert [one.split(":")[1] for one in mistakes(text)] == ["1", "2", "2", "3", "4", "5", "7", "8"]


def test_a_policy_for_another_host_is_told_beside_the_rest() -> None:
    told = mistakes('\nhost = "mail"\nx = 1\n', host="www")
    assert told[0] == (
        "p.toml:2: this policy is for host 'mail', and this is 'www': give the policy of this host, or write "
        'host = "www" if it is meant for it'
    )
    assert len(told) == 2


@pytest.mark.parametrize(
    ("written", "host", "same"),
    [
        ("www", "www", True),
        ("WWW", "www", True),
        ("www", "www.example.org", True),
        ("www.example.org.", "www", True),
        ("www.example.org", "www.example.net", False),
        ("www", "www2", False),
        ("ww", "www", False),
    ],
)
def test_a_host_is_the_same_with_or_without_its_domain(written: str, host: str, same: bool) -> None:  # noqa: FBT001
    assert Policy(host=written).is_for(host) == same


def test_items_are_written_one_way() -> None:
    assert [parse_item(text) for text in ("tcp/0080", "unlisted_udp")] == ["tcp/80", "unlisted_udp"]


# -- whatever stands in the file

words = st.sampled_from(
    [
        "allow",
        "require",
        "waive",
        "host",
        "protocol",
        "ports",
        "item",
        "until",
        "from",
        "no_way_through",
        "profile",
        "x",
    ]
)
scalars = st.sampled_from(
    [
        '"tcp"',
        '"22"',
        '"0-"',
        "7",
        "true",
        "2026-12-31",
        "1e-3",
        '"any"',
        '"tcp/445"',
        '"\\n\\u001b"',
        "[]",
        "{}",
        "[{}]",
    ]
)
statements = st.one_of(
    st.builds("[[{}]]".format, words), st.builds("[{}]".format, words), st.builds("{} = {}".format, words, scalars)
)
texts = st.one_of(st.lists(statements, max_size=12).map("\n".join), st.text(max_size=80))


@settings(deadline=None, max_examples=400)
@given(texts)
def test_any_text_gives_a_policy_or_lines_that_name_the_place(text: str) -> None:
    outcome: Policy | list[str]
    try:
        outcome = parse_policy(text, "p.toml", "www")
    except InputError as caught:
        outcome = [str(one) for one in caught.each]
    if isinstance(outcome, Policy):
        assert all(entry.protocol in ("tcp", "udp") and entry.ports for entry in outcome.allow)
        assert all(waiver.reason.strip() for waiver in outcome.waive)
    else:
        places = [re.fullmatch(r"p\.toml:(\d+): .*: .+", line) for line in outcome]
        assert places
        assert all(place and 1 <= int(place[1]) <= text.count("\n") + 1 for place in places), outcome
