"""What ``v6expose privacy`` shows: the settings of each interface, now and after a reboot, as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scanner.cli.speech import told
from scanner.model.privacy import USE_TEMPADDR, WANTED, Profile, effective
from scanner.model.text import alternatives, enumerated, say

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from scanner.model.privacy import Forecast, InterfacePrivacy, Privacy

PROFILES = {Profile.SERVER: say("server"), Profile.DESKTOP: say("desktop")}


def document_of(seen: Privacy) -> dict[str, Any]:
    """Plain JSON values; every setting with its meaning."""
    from scanner.findings.privacy import judge_lost_at_reboot, judge_preferred_on_server
    from scanner.privacy.settings import BY_NAME

    findings = (*judge_preferred_on_server(seen), *judge_lost_at_reboot(seen))
    return {
        "profile": seen.profile,
        "profile_reason": seen.profile_reason,
        "interfaces": [
            {
                "interface": one.interface,
                "source_address": one.source or None,
                "source_temporary": one.source_temporary,
                "notes": list(one.notes),
                "settings": [
                    {
                        "setting": forecast.setting,
                        "running": forecast.running,
                        "meaning": BY_NAME[forecast.setting].explain(forecast.running),
                        "standard": BY_NAME[forecast.setting].standard,
                        "after_reboot": forecast.predicted,
                        "sure": not forecast.doubt,
                        "doubt": forecast.doubt,
                        "decided_by": asdict(forecast.decided_by),
                        "overruled": [asdict(said) for said in forecast.statements[:-1]],
                        "differs": forecast.differs,
                    }
                    for forecast in one.forecasts
                ],
            }
            for one in seen.interfaces
        ],
        "findings": [asdict(finding) for finding in findings],
        "problems": list(seen.problems),
    }


def show(seen: Privacy, console: Console, *, verbose: bool) -> None:
    """80 columns; what does not fit is wrapped, never cut."""
    from rich.text import Text

    from scanner.report.text import one_line

    judged = say(
        "Judged as a {profile}: {why} (--profile decides)",
        profile=PROFILES[seen.profile],
        why=one_line(seen.profile_reason),
    )
    console.print(Text(told(judged) + "\n"))
    for one in seen.interfaces:
        console.print(Text(one_line(one.interface), style="bold"))
        console.print(Text(f"  {told(verdict_of(seen.profile, one))}"))
        if one.source:
            kind = {True: say("temporary"), False: say("stable"), None: say("kind not known")}[one.source_temporary]
            leave = say("new connections leave from {source} ({kind})", source=one.source, kind=kind)
            console.print(Text(f"  {told(leave)}"))
        for note in one.notes:
            console.print(Text(f"  {one_line(told(note))}"))
        console.print(settings_table(one, verbose=verbose))
    if not seen.interfaces:
        console.print(told(say("No interface speaks IPv6.")))


def verdict_of(profile: Profile, one: InterfacePrivacy) -> str:
    """One line: does the interface do what the profile wants, now and after a reboot?"""
    forecast = one.forecast(USE_TEMPADDR)
    wanted = WANTED[profile]
    words = alternatives([str(value) for value in sorted(wanted)])
    values = {
        say("now"): effective(USE_TEMPADDR, forecast.running) if forecast else None,
        say("after a reboot"): effective(USE_TEMPADDR, forecast.predicted) if forecast else None,
    }
    wrong = [when for when, value in values.items() if value is not None and value not in wanted]
    unknown = [when for when, value in values.items() if value is None]
    if wrong:
        return say(
            "NOT as a {profile} should be {when}: use_tempaddr should be {words}",
            profile=PROFILES[profile],
            when=enumerated(wrong),
            words=words,
        )
    if unknown:
        return say(
            "not known {when}; for a {profile} use_tempaddr should be {words}",
            when=enumerated(unknown),
            profile=PROFILES[profile],
            words=words,
        )
    return say("as a {profile} should be (use_tempaddr {words})", profile=PROFILES[profile], words=words)


def settings_table(one: InterfacePrivacy, *, verbose: bool) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from scanner.privacy.settings import BY_NAME
    from scanner.report.text import one_line

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in (say("Setting"), say("Now"), say("Reboot")):
        table.add_column(told(heading), no_wrap=True)
    table.add_column(told(say("Meaning (now), standard")), overflow="fold")
    for forecast in one.forecasts:
        setting = BY_NAME[forecast.setting]
        then = f"{number(forecast.predicted)}{'?' if forecast.doubt else ''}"
        meaning = told(
            say(
                "{meaning}: {now}; {standard}",
                meaning=setting.meaning,
                now=setting.explain(forecast.running),
                standard=setting.standard,
            )
        )
        style = "bold" if forecast.differs else ""
        table.add_row(Text(setting.name), number(forecast.running), Text(then, style=style), Text(meaning))
        for line in _reasons(forecast, verbose=verbose):
            table.add_row("", "", "", Text(one_line(told(line)), style="dim"))
    return Padding(table, (0, 0, 1, 2))


def number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _reasons(forecast: Forecast, *, verbose: bool) -> list[str]:
    """Who decides at boot: always where a file does or the value changes, the losers with --verbose."""
    winner = forecast.decided_by
    lines: list[str] = []
    if winner.place or forecast.differs or forecast.setting == USE_TEMPADDR or verbose:
        place: object = winner.place or say("no file")
        if winner.place and winner.place.generator:
            place = say("{place} (written by {program})", place=winner.place, program=winner.place.generator)
        lines.append(
            say("at boot: {layer}, {place}: {words}", layer=winner.layer.value, place=place, words=winner.words)
        )
    if forecast.doubt:
        lines.append(say("not sure: {doubt}", doubt=forecast.doubt))
    if verbose:
        lines += [
            say("overruled: {layer}, {place}: {words}", layer=said.layer.value, place=said.place, words=said.words)
            for said in forecast.statements[:-1]
            if said.place
        ]
    return lines
