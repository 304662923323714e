"""One checklist with an item of every kind, and one whose every text is hostile."""

from datetime import UTC, date, datetime

from scanner.checklist.values import Checklist, Item, Status
from scanner.policy import Policy, Waiver

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WAIVER = Waiver("tcp/445", "moving, soon: 100 %", date(2026, 12, 31), 9)
HOSTILE = "\x1b[31mred\x07\x00\u202eevil # TODO :: %0A\n::error::x\u2028<b>&]]>\ud800, \\ "


def items() -> tuple[Item, ...]:
    return (
        Item("complete_run", "All measured", Status.PASS, "run x", "", 1, "RFC 2330 section 6.3"),
        Item("router_drops_unlisted", "The router drops", Status.FAIL, "445 let in", "Drop it.", 4, "RFC 6092 REC-17"),
        Item("no_way_through", "No way", Status.NOT_MEASURED, "not tried", "Scan again.", 5, "RFC 9099"),
        Item("tcp/445", "445 answers", Status.FAIL, "open", "Close it.", 2, "CWE-1327", WAIVER),
        Item("allow tcp/22", "22 answers", Status.PASS, "open", "", 2),
        Item("waiver tcp/445", "In force", Status.PASS, "until then", "", 9),
    )


def checklist(*some: Item, source: str = "policies/www.toml", host: str = "www") -> Checklist:
    return Checklist(
        Policy(source=source), host, "20261123T120000Z-abc", AT, 9.5, some or items(), ("lan_default_blocked",)
    )


def hostile() -> Checklist:
    bad = Waiver("tcp/1", HOSTILE, date(2026, 12, 31), 1)
    some = [
        Item(HOSTILE, HOSTILE, status, HOSTILE, HOSTILE, 3, HOSTILE, waiver)
        for status in Status
        for waiver in (None, bad)
    ]
    return checklist(*some, source=HOSTILE, host=HOSTILE)


def nothing() -> Checklist:
    return Checklist(Policy(source="p.toml"), "www", "x", AT, 0.0, ())
