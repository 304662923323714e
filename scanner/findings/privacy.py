"""V6X010 and V6X011: the kind of address the host prefers, and settings that a reboot takes away. Pure."""

from collections.abc import Iterator

from scanner.findings.facts import View
from scanner.findings.fingerprint import fingerprint
from scanner.model.finding import Finding, Severity
from scanner.model.privacy import USE_TEMPADDR, WANTED, Forecast, InterfacePrivacy, Privacy, Profile, effective
from scanner.model.text import clauses, say

PREFERRED_ON_SERVER = "V6X010"
LOST_AT_REBOOT = "V6X011"
PREFERS_TEMPORARY = 2

SET = "v6expose privacy set --use-tempaddr {value} --interface {interface} --persist"


def judge_preferred_on_server(privacy: Privacy) -> Iterator[Finding]:
    """V6X010: a server prefers its temporary address, now or after the next reboot; one finding an interface."""
    if privacy.profile is not Profile.SERVER:
        return
    for one in privacy.interfaces:
        forecast = one.forecast(USE_TEMPADDR)
        if forecast is not None and PREFERS_TEMPORARY in (_now(forecast), _then(forecast)):
            yield _preferred(privacy, one, forecast)


def judge_lost_at_reboot(privacy: Privacy) -> Iterator[Finding]:
    """V6X011: the running value is not what the files set at boot; one finding for each interface and setting."""
    for one in privacy.interfaces:
        for forecast in one.forecasts:
            if forecast.differs:
                yield _lost(privacy, one, forecast)


def judge_preferred(view: View) -> Iterator[Finding]:
    """V6X010 as a rule of a scan."""
    if view.facts.privacy is not None:
        yield from judge_preferred_on_server(view.facts.privacy)


def judge_lost(view: View) -> Iterator[Finding]:
    """V6X011 as a rule of a scan: of the kind of address only, for the rest see ``v6expose privacy``."""
    if view.facts.privacy is not None:
        for one in view.facts.privacy.interfaces:
            forecast = one.forecast(USE_TEMPADDR)
            if forecast is not None and forecast.differs:
                yield _lost(view.facts.privacy, one, forecast)


def _now(forecast: Forecast) -> int | None:
    return effective(forecast.setting, forecast.running)


def _then(forecast: Forecast) -> int | None:
    return effective(forecast.setting, forecast.predicted)


def _preferred(privacy: Privacy, one: InterfacePrivacy, forecast: Forecast) -> Finding:
    now = _now(forecast) == PREFERS_TEMPORARY
    evidence = [
        say(
            "use_tempaddr of {interface} is {running}, after a reboot {predicted}",
            interface=one.interface,
            running=forecast.running,
            predicted=_predicted(forecast),
        )
    ]
    if now and one.source_temporary:
        evidence.append(say("new connections leave from {address}, a temporary address", address=one.source))
    evidence.append(say("taken for a server: {reason}", reason=privacy.profile_reason))
    return Finding(
        rule=PREFERRED_ON_SERVER,
        severity=Severity.MEDIUM if now else Severity.LOW,
        title=say("Temporary address preferred on a server ({interface})", interface=one.interface),
        address=one.source if one.source_temporary else None,
        protocol=None,
        port=None,
        why=say(
            "Connections leave from an address that is replaced every day: whoever learns the address from them, "
            "a dynamic-DNS service for example, publishes one that dies, and each stays open until it does."
        ),
        evidence=clauses(evidence),
        remedy=say(
            "Host: {command} (1 keeps temporary addresses for programs that ask for them). If this is a desktop, say "
            "--profile desktop. Router: nothing to do.",
            command=SET.format(value=0, interface=one.interface),
        ),
        standard="RFC 8981 section 4; RFC 6724 section 5 rule 7",
        fingerprint=fingerprint(PREFERRED_ON_SERVER, None, None, one.interface),
    )


def _lost(privacy: Privacy, one: InterfacePrivacy, forecast: Forecast) -> Finding:
    values = {"setting": forecast.setting, "interface": one.interface}
    lasting: str = say("write {setting} where {layer} reads it", **values, layer=forecast.decided_by.layer.value)
    if forecast.setting == USE_TEMPADDR and forecast.running is not None:
        lasting = SET.format(value=_now(forecast), interface=one.interface)
    evidence: list[str] = [
        say("running {running}, after a reboot {predicted}", running=forecast.running, predicted=_predicted(forecast))
    ]
    if forecast.doubt:
        evidence.append(say("not sure: {doubt}", doubt=forecast.doubt))
    return Finding(
        rule=LOST_AT_REBOOT,
        severity=_severity(privacy.profile, forecast),
        title=say("Setting may not survive a reboot ({setting} of {interface})", **values)
        if forecast.doubt
        else say("Setting will not survive a reboot ({setting} of {interface})", **values),
        address=None,
        protocol=None,
        port=None,
        why=say(
            "The value in force was set by hand or by a program; the files say otherwise, and at the next boot they "
            "decide."
        ),
        evidence=clauses(evidence),
        remedy=say(
            "Host: {lasting}, or take the running value back if it was an experiment. Router: nothing to do.",
            lasting=lasting,
        ),
        standard="sysctl.d(5); the documentation of the layer named",
        fingerprint=fingerprint(LOST_AT_REBOOT, None, None, f"{one.interface} {forecast.setting}"),
    )


def _severity(profile: Profile, forecast: Forecast) -> Severity:
    """What the reboot does to the choice of addresses weighs most, what merely changes is worth knowing."""
    if forecast.setting != USE_TEMPADDR:
        return Severity.INFO if forecast.doubt else Severity.LOW
    return Severity.LOW if _then(forecast) in WANTED[profile] else Severity.MEDIUM


def _predicted(forecast: Forecast) -> str:
    winner = forecast.decided_by
    values = {"value": forecast.predicted, "layer": winner.layer.value, "place": winner.place, "words": winner.words}
    if winner.place:
        return say("{value} ({layer}, {place}: {words})", **values)
    return say("{value} ({layer}: {words})", **values)
