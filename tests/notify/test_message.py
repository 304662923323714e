"""What is written: short, plain, in the owner's language."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scanner.language import translator
from scanner.model.finding import Severity
from scanner.model.text import say
from scanner.notify.message import HEADINGS, MOST, message_of, sample
from scanner.notify.values import Digest, News, NewsKind, Said

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SSH = Said.of(say("{service} answers strangers on {protocol}/{port}", service="SSH", protocol="tcp", port=22), {})
ENGLISH = translator("en")


def news(kind: NewsKind = NewsKind.NEW, title: Said = SSH, severity: Severity | None = Severity.HIGH) -> News:
    return News(kind, AT, title, severity, ("2001:db8::1",))


def digest(*some: News, grade: str | None = "F") -> Digest:
    counts = {Severity.HIGH: 2, Severity.LOW: 1, Severity.INFO: 0}
    return Digest("web1", AT, some, grade, counts, Said("The router lets everything in."))


def test_a_digest_whole() -> None:
    why = Said("vps: no python3")
    some = (
        news(),
        replace(
            news(NewsKind.SHUT, Said("Telnet answers strangers on tcp/23 of 2001:db8::1")), at=AT - timedelta(days=1)
        ),
        news(NewsKind.UNMEASURED, why, None),
    )
    message = message_of(replace(digest(*some), first=True, note=Said("Mind.")), ENGLISH)
    assert message.title == "v6expose web1, grade F: 1 new finding, 1 closed, not measured"
    assert message.body == (
        "This is the first notice for this host: everything that was found counts as new.\n"
        "The router lets everything in.\n\nNew:\n- high: SSH answers strangers on tcp/22 (2001:db8::1)\n\n"
        "Closed again:\n- high: Telnet answers strangers on tcp/23 of 2001:db8::1, on 2026-11-22 12:00 UTC\n\n"
        "Could not be measured, or not completely:\n- vps: no python3\n\n"
        "All in all now: 2 high, 1 low.\n2026-11-23 12:00 UTC\nMind."
    )
    assert message.tone == "warning"


def test_a_failure_alone_and_the_way_back() -> None:
    failure = message_of(Digest("web1", AT, (news(NewsKind.UNMEASURED, Said("no route"), None),)), ENGLISH)
    assert (failure.title, failure.tone) == ("v6expose web1: not measured", "failure")
    back = message_of(digest(news(NewsKind.MEASURED, Said(""), None), grade=None), ENGLISH)
    assert (back.title, back.tone) == ("v6expose web1: measured again", "success")
    assert "It can be measured again.\n\n" in back.body


def test_nothing_found_at_first_is_told_too() -> None:
    message = message_of(replace(digest(), first=True, counts={Severity.HIGH: 0}), ENGLISH)
    assert (message.title, message.tone) == ("v6expose web1, grade F: nothing to report", "info")
    assert "All in all now: no finding." in message.body


def test_every_kind_of_news_has_a_heading() -> None:
    assert set(HEADINGS) == set(NewsKind)
    for kind in NewsKind:
        assert HEADINGS[kind] in message_of(digest(news(kind)), ENGLISH).body


def test_old_and_new_news_share_a_heading() -> None:
    """What a service did not take comes first, by time."""
    old = replace(news(), at=AT - timedelta(days=1))
    message = message_of(digest(old, news(NewsKind.SHUT), news()), ENGLISH)
    assert message.body.count("New:") == 1


def test_what_differs_in_the_address_alone_is_one_line() -> None:
    """News of a kind come with the gravest first."""
    some = [replace(news(severity=one), addresses=(f"2001:db8::{one.rank}",)) for one in sorted(Severity, reverse=True)]
    some.sort(key=lambda one: -(one.severity or Severity.INFO).rank)
    message = message_of(digest(*some), ENGLISH)
    assert message.body.count("SSH") == 1
    assert "- critical: SSH answers strangers on tcp/22 (2001:db8::4, 2001:db8::3 and 3 more)\n" in message.body
    assert message.title.endswith("5 new findings")


def test_hundreds_of_findings_are_a_short_message() -> None:
    some = tuple(news(title=Said(f"finding {number} " + "x" * 1000)) for number in range(300))
    message = message_of(digest(*some), ENGLISH)
    assert "- and 288 more\n" in message.body
    assert len(message.body) < (MOST + 8) * 300
    assert message.title.endswith("300 new findings")


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_control_characters_whatever_a_banner_says(title: str, host: str) -> None:
    message = message_of(replace(digest(news(title=Said(title))), host=host), ENGLISH)
    for line in (message.title, *message.body.split("\n")):
        assert not {unicodedata.category(letter) for letter in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_the_test_message() -> None:
    message = sample("web1", AT, ENGLISH)
    assert message.title == "v6expose web1: a test message"
    assert message.body.splitlines()[-1] == "2026-11-23 12:00 UTC"
