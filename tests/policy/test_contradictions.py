"""Rules that cannot both be meant."""

import pytest

from scanner.model.errors import InputError
from scanner.policy.parse import parse_policy

ALL_TCP = '[[allow]]\nprotocol = "tcp"\nports = "-"\n'
WAIVER = '[[waive]]\nitem = "{}"\nreason = "x"\nuntil = 2026-12-31\n'
SSH = '[[allow]]\nprotocol = "tcp"\nports = "22"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            f"{ALL_TCP}[require]\nrouter_drops_unlisted = true\n",
            "1: every TCP port is allowed, and line 5 wants the router to drop the unlisted",
        ),
        (
            '[require]\nupstream_may_stop = "25"\n',
            "2: upstream_may_stop excepts ports from router_drops_unlisted, which is not required",
        ),
        (
            '[require]\nlan_may_pass = "22"\nlan_default_blocked = false\n',
            "2: lan_may_pass excepts ports from lan_default_blocked, which is not required",
        ),
        (
            '[require]\nmay_stay_untried = ["X10-5e"]\n',
            "2: may_stay_untried excepts cases from no_way_through and must_pass_icmpv6, and neither is required",
        ),
        (
            "[require]\nvantages_proven_outside = 0\nno_way_through = true\n",
            "2: vantages_proven_outside is 0, and no_way_through (line 3) can only be seen from",
        ),
        (SSH + WAIVER.format("tcp/22"), "4: tcp/22 is waived, and line 1 allows it"),
        (WAIVER.format("no_way_through"), "1: no_way_through is waived, and nothing requires it"),
        (WAIVER.format("tcp/1") + WAIVER.format("tcp/01"), "5: tcp/1 is waived twice, first on line 1"),
    ],
)
def test_a_contradiction_is_told_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_policy(text, "p.toml")
    assert [str(one).startswith(f"p.toml:{complaint}") for one in caught.value.each] == [True]


@pytest.mark.parametrize(
    "text",
    [
        SSH + SSH,  # says the same twice
        ALL_TCP,
        f"{ALL_TCP}[require]\nrouter_drops_unlisted = false\n",
        f'{ALL_TCP}address = "stable"\n[require]\nrouter_drops_unlisted = true\n',
        f'{ALL_TCP}from = "vps"\n[require]\nrouter_drops_unlisted = true\n',
        "[require]\nno_way_through = true\n",
        "[require]\nvantages_proven_outside = 0\nstable_address_preferred = true\n",
        f'{SSH}address = "stable"\n' + WAIVER.format("tcp/22"),
        SSH + WAIVER.format("udp/22"),
        "[require]\nno_way_through = true\n" + WAIVER.format("no_way_through"),
        WAIVER.format("complete_run") + WAIVER.format("unlisted_tcp"),
    ],
)
def test_what_can_be_meant_is_none(text: str) -> None:
    assert parse_policy(text, "p.toml").source == "p.toml"
