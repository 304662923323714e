"""The settings under net.ipv6.conf that decide about addresses: a literal table.

Meanings: kernel documentation, networking/ip-sysctl. What ``all`` reaches was measured (tests/lab/test_privacy.py): for
most of these settings a write to ``all`` changes no interface and no default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scanner.model.privacy import USE_TEMPADDR, effective
from scanner.model.text import say


@dataclass(frozen=True, slots=True)
class Setting:
    """``values`` says what single values mean; ``unit`` is for those that count. ``all_reaches``: see above."""

    name: str
    meaning: str
    standard: str
    values: Mapping[int, str] = field(default_factory=dict)
    unit: str = ""
    all_reaches: bool = False

    def explain(self, value: int | None) -> str:
        """What ``value`` does, in words."""
        value = effective(self.name, value)
        if value is None:
            return say("not known")
        if value in self.values:
            return self.values[value]
        if self.unit:
            return say("{value} {unit}", value=value, unit=self.unit)
        return say("{value} has no documented meaning", value=value)


SETTINGS = (
    Setting(
        USE_TEMPADDR,
        say("temporary addresses"),
        "RFC 8981; RFC 6724 section 5 rule 7",
        {
            0: say("makes no temporary addresses"),
            1: say("makes temporary addresses, prefers the stable one"),
            2: say("makes temporary addresses and prefers them"),
        },
    ),
    Setting("temp_valid_lft", say("how long a temporary address receives"), "RFC 8981 section 3.8", unit="s"),
    Setting("temp_prefered_lft", say("how long a temporary address is used"), "RFC 8981 section 3.8", unit="s"),
    Setting("max_desync_factor", say("random shortening of that time"), "RFC 8981 section 3.8", unit="s"),
    Setting("regen_max_retry", say("new tries after a duplicate"), "RFC 8981 section 3.8", unit="tries"),
    Setting(
        "max_addresses",
        say("autoconfigured addresses an interface may have"),
        "RFC 7934",
        {0: say("no limit")},
        unit="addresses",
    ),
    Setting(
        "addr_gen_mode",
        say("how stable identifiers are made"),
        "RFC 7217; RFC 8064",
        {
            0: say("from the MAC address (EUI-64)"),
            1: say("no link-local address by the kernel, others EUI-64"),
            2: say("opaque, from stable_secret"),
            3: say("opaque, from a random secret"),
        },
        all_reaches=True,
    ),
    Setting(
        "accept_ra",
        say("router advertisements in the kernel"),
        "RFC 4861 section 6.2.1; RFC 4862",
        {
            0: say("the kernel ignores them (a program may read them)"),
            1: say("accepted unless the host forwards"),
            2: say("accepted even when the host forwards"),
        },
    ),
    Setting(
        "forwarding",
        say("the host is a router"),
        "RFC 4861 section 6.2.1",
        {0: say("no: it accepts router advertisements"), 1: say("yes: router advertisements only with accept_ra 2")},
        all_reaches=True,
    ),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
