"""V6X010 and V6X011."""

from dataclasses import replace

import pytest

from scanner.findings.privacy import judge_lost_at_reboot, judge_preferred_on_server
from scanner.model.finding import Severity
from scanner.model.privacy import Forecast, InterfacePrivacy, Layer, Place, Privacy, Profile, Statement

PLACE = Place("/etc/sysctl.d/x.conf", 4)


def privacy(
    running: int | None, predicted: int | None, *, profile: Profile = Profile.SERVER, doubt: str = "", setting: str = ""
) -> Privacy:
    name = setting or "use_tempaddr"
    said = Statement(Layer.SYSCTL, name, predicted, PLACE, f"{name} = {predicted}")
    one = InterfacePrivacy("eth0", (Forecast(name, running, (said,), doubt),), (), "2001:db8::5", source_temporary=True)
    return Privacy(profile, "no display manager starts at boot", (one,))


@pytest.mark.parametrize(
    ("running", "predicted", "severity"),
    [
        (2, 2, Severity.MEDIUM),
        (5, 0, Severity.MEDIUM),
        (0, 2, Severity.LOW),
        (1, 1, None),
        (0, 0, None),
        (-1, 0, None),
        (None, None, None),
        (None, 2, Severity.LOW),
    ],
)
def test_a_server_that_prefers_temporary_addresses(
    running: int | None, predicted: int | None, severity: Severity | None
) -> None:
    found = list(judge_preferred_on_server(privacy(running, predicted)))
    assert [one.severity for one in found] == ([severity] if severity else [])
    assert all(one.rule == "V6X010" for one in found)


def test_it_names_the_address_the_file_and_the_remedy() -> None:
    (found,) = judge_preferred_on_server(privacy(2, 2))
    assert found.address == "2001:db8::5"
    assert "(sysctl.d, /etc/sysctl.d/x.conf:4: use_tempaddr = 2)" in found.evidence
    assert "new connections leave from 2001:db8::5, a temporary address" in found.evidence
    assert "privacy set --use-tempaddr 0 --interface eth0 --persist" in found.remedy


def test_a_stable_source_is_not_blamed() -> None:
    seen = privacy(2, 2)
    stable = replace(seen, interfaces=(replace(seen.interfaces[0], source_temporary=False),))
    (found,) = judge_preferred_on_server(stable)
    assert found.address is None
    assert "new connections leave" not in found.evidence


def test_a_desktop_may_prefer_them() -> None:
    assert list(judge_preferred_on_server(privacy(2, 2, profile=Profile.DESKTOP))) == []


@pytest.mark.parametrize(
    ("profile", "running", "predicted", "severity"),
    [
        (Profile.SERVER, 0, 2, Severity.MEDIUM),
        (Profile.SERVER, 2, 0, Severity.LOW),
        (Profile.DESKTOP, 2, 0, Severity.MEDIUM),
        (Profile.DESKTOP, 0, 2, Severity.LOW),
        (Profile.SERVER, 0, 0, None),
        (Profile.SERVER, -1, 0, None),
        (Profile.SERVER, None, 2, None),
        (Profile.SERVER, 2, None, None),
    ],
)
def test_a_setting_that_a_reboot_takes_away(
    profile: Profile, running: int | None, predicted: int | None, severity: Severity | None
) -> None:
    found = list(judge_lost_at_reboot(privacy(running, predicted, profile=profile)))
    assert [(one.rule, one.severity) for one in found] == ([("V6X011", severity)] if severity else [])


def test_doubt_is_said() -> None:
    (sure,) = judge_lost_at_reboot(privacy(0, 2))
    (unsure,) = judge_lost_at_reboot(privacy(0, 2, doubt="two profiles fit"))
    assert "will not survive" in sure.title
    assert "may not survive" in unsure.title
    assert "not sure: two profiles fit" in unsure.evidence


def test_other_settings_weigh_less() -> None:
    (sure,) = judge_lost_at_reboot(privacy(1, 0, setting="accept_ra"))
    (unsure,) = judge_lost_at_reboot(privacy(1, 0, setting="accept_ra", doubt="?"))
    assert (sure.severity, unsure.severity) == (Severity.LOW, Severity.INFO)
    assert "write accept_ra where sysctl.d reads it" in sure.remedy


def test_the_fingerprint_forgets_the_address_but_not_the_interface() -> None:
    seen = privacy(2, 2)
    (first,) = judge_preferred_on_server(seen)
    moved = replace(seen, interfaces=(replace(seen.interfaces[0], source="2001:db8::77"),))
    (second,) = judge_preferred_on_server(moved)
    other = replace(seen, interfaces=(replace(seen.interfaces[0], interface="eth1"),))
    (third,) = judge_preferred_on_server(other)
    assert first.fingerprint == second.fingerprint != third.fingerprint
