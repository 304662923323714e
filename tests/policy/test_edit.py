"""Adding to the owner's file: the new entry is there, and everything else to the letter."""

from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.policy import AddressRole, Allow, Policy, Waiver
from scanner.policy.edit import add_allow, add_waiver, covering
from scanner.policy.parse import parse_policy

ENTRY = Allow("udp", PortSet.parse("53,60000-61000"), AddressRole.STABLE, 'a "quoted" # reason é', ("vps",))
WAIVER = Waiver("tcp/445", "moving", date(2026, 12, 31))
FILE = """# The policy of www, kept by hand.
host = "www"   # short

# the site
[[allow]]
protocol = "tcp" # not udp
ports = "80,443"

# what has to be
[require]
no_way_through = true # always

[[waive]]   # for now
item = "no_way_through" # ?
until = 2026-11-30 # a Monday
reason = 'old'
# the end"""


def kept(before: str, after: str) -> bool:
    """``after`` is ``before`` with one piece put in somewhere."""
    start = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
    return after.endswith(before[start:]) and len(after) > len(before)


def test_an_entry_goes_behind_the_last_and_before_the_comment_of_what_follows() -> None:
    after = add_allow(FILE, "p.toml", ENTRY)
    assert kept(FILE, after)
    new = (
        'ports = "80,443"\n\n[[allow]]\nprotocol = "udp"\nports = "53,60000-61000"\naddress = "stable"\nfrom = "vps"\n'
        'reason = "a \\"quoted\\" # reason é"\n\n# what has to be\n'
    )
    assert new in after
    assert parse_policy(after, "p.toml").allow[-1] == ENTRY


def test_an_entry_goes_behind_the_comment_on_the_last_line() -> None:
    text = '[[allow]]\nprotocol = "tcp"\nports = "1" # why\n[require]\n'
    after = add_allow(text, "p.toml", Allow("tcp", PortSet.of([2]), reason="x"))
    new = '\n\n[[allow]]\nprotocol = "tcp"\nports = "2"\nreason = "x"\n'
    assert after == text.replace("# why", f"# why{new}")


def test_a_waiver_takes_the_place_of_an_older_one() -> None:
    after = add_waiver(FILE, "p.toml", Waiver("no_way_through", "new", date(2027, 1, 1)))
    assert after == FILE.replace("2026-11-30", "2027-01-01").replace("'old'", '"new"')


def test_a_waiver_of_something_else_is_added() -> None:
    after = add_waiver(FILE, "p.toml", WAIVER)
    assert kept(FILE, after)
    assert [one.item for one in parse_policy(after, "p.toml").waive] == ["no_way_through", "tcp/445"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "# only a comment",
        'host = "www"',
        "allow = []",
        'allow = [ # "]\n {protocol = "tcp", ports = "1"}, # one\n]\n',
        'allow = [{protocol = "tcp", ports = "1"}]\n[require]\n',
        '[[allow]]\nprotocol = "tcp"\nports = "1"\n[require]\n[[allow]]\nprotocol = "tcp"\nports = "2"\n# end\n',
        '[[allow]]\r\nprotocol = "tcp"\r\nports = "1" # x\r\n[require]\r\n',
        '[[allow]]\nprotocol = "tcp"\nports = """\n22"""\n',
        '[[allow]]\nports = "1"\nprotocol = "tcp"   ',
    ],
)
def test_wherever_it_has_to_go_the_rest_stays(text: str) -> None:
    after = add_allow(text, "p.toml", ENTRY)
    assert kept(text, after)
    assert ENTRY in parse_policy(after, "p.toml").allow
    assert len(parse_policy(after, "p.toml").allow) == len(parse_policy(text, "p.toml").allow) + 1
    assert ("\r\n" in text) == ("\r\n" in after)
    again = add_waiver(after, "p.toml", WAIVER)
    assert kept(after, again)


def test_nothing_is_written_into_a_bad_file_or_for_a_bad_reason() -> None:
    with pytest.raises(InputError, match=r"p\.toml:1: unknown key"):
        add_allow("x = 1", "p.toml", ENTRY)
    with pytest.raises(InputError, match="cannot be read"):
        add_allow("", "p.toml", Allow("tcp", PortSet.of([1]), reason="\x1b[31m"))
    with pytest.raises(InputError, match=r"tcp/22 is waived, and line 1 allows it"):
        add_waiver('[[allow]]\nprotocol = "tcp"\nports = "22"\n', "p.toml", Waiver("tcp/22", "x", date(2026, 12, 31)))


@pytest.mark.parametrize(
    ("one", "covered"),
    [
        (Allow("udp", PortSet.parse("-")), True),
        (Allow("tcp", PortSet.parse("-")), False),
        (Allow("udp", PortSet.parse("53")), False),
        (Allow("udp", PortSet.parse("-"), AddressRole.TEMPORARY), False),
        (Allow("udp", PortSet.parse("-"), vantages=("vps", "b")), True),
        (Allow("udp", PortSet.parse("-"), vantages=("b",)), False),
    ],
)
def test_what_is_allowed_already_is_found(one: Allow, covered: bool) -> None:  # noqa: FBT001
    assert (covering(Policy(allow=(one,)), ENTRY) is one) == covered


pieces = st.sampled_from(
    [
        "# a comment [[allow]]\n",
        "\n",
        '[[allow]]\nprotocol = "tcp" # "\nports = "22"\n',
        '[[allow]]\n  protocol = \'udp\'\n  ports = """\n53"""  # [require]\n',
        '[[waive]]\nitem = "tcp/9"\nreason = "# x"\nuntil = 2026-12-31\n',
        "[[allow]]\nports = 8\nprotocol = 'tcp'\r\n\r\n",
    ]
)
reasons = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=12).filter(str.isprintable)


@settings(deadline=None)
@given(st.lists(pieces, max_size=5).map("".join), reasons)
def test_any_policy_keeps_every_character(text: str, reason: str) -> None:
    assume(text.count("tcp/9") < 2 and reason.strip())
    entry = Allow("tcp", PortSet.of([443]), reason=reason)
    after = add_allow(text, "p.toml", entry)
    assert kept(text, after)
    assert entry in parse_policy(after, "p.toml").allow
    renewed = add_waiver(after, "p.toml", Waiver("tcp/9", reason, date(2027, 1, 1)))
    assert parse_policy(renewed, "p.toml").waive == (Waiver("tcp/9", reason, date(2027, 1, 1)),)
    assert [line for line in after.splitlines() if line.startswith("#")] == [
        line for line in renewed.splitlines() if line.startswith("#")
    ]
