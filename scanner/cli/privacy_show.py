"""What ``v6expose privacy`` shows: the settings of each interface, now and after a reboot, as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from scanner.model.privacy import USE_TEMPADDR, WANTED, Profile, effective

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from scanner.model.privacy import Forecast, InterfacePrivacy, Privacy


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

    console.print(Text(f"Judged as a {seen.profile}: {one_line(seen.profile_reason)} (--profile decides)\n"))
    for one in seen.interfaces:
        console.print(Text(one_line(one.interface), style="bold"))
        console.print(Text(f"  {verdict_of(seen.profile, one)}"))
        if one.source:
            kind = {True: "temporary", False: "stable", None: "kind not known"}[one.source_temporary]
            console.print(Text(f"  new connections leave from {one.source} ({kind})"))
        for note in one.notes:
            console.print(Text(f"  {one_line(note)}"))
        console.print(settings_table(one, verbose=verbose))
    if not seen.interfaces:
        console.print("No interface speaks IPv6.")


def verdict_of(profile: Profile, one: InterfacePrivacy) -> str:
    """One line: does the interface do what the profile wants, now and after a reboot?"""
    forecast = one.forecast(USE_TEMPADDR)
    wanted = WANTED[profile]
    words = " or ".join(str(value) for value in sorted(wanted))
    values = {
        "now": effective(USE_TEMPADDR, forecast.running) if forecast else None,
        "after a reboot": effective(USE_TEMPADDR, forecast.predicted) if forecast else None,
    }
    wrong = [when for when, value in values.items() if value is not None and value not in wanted]
    unknown = [when for when, value in values.items() if value is None]
    if wrong:
        return f"NOT as a {profile} should be {' and '.join(wrong)}: use_tempaddr should be {words}"
    if unknown:
        return f"not known {' and '.join(unknown)}; for a {profile} use_tempaddr should be {words}"
    return f"as a {profile} should be (use_tempaddr {words})"


def settings_table(one: InterfacePrivacy, *, verbose: bool) -> RenderableType:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from scanner.privacy.settings import BY_NAME
    from scanner.report.text import one_line

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("Setting", "Now", "Reboot"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Meaning (now), standard", overflow="fold")
    for forecast in one.forecasts:
        setting = BY_NAME[forecast.setting]
        then = f"{number(forecast.predicted)}{'?' if forecast.doubt else ''}"
        meaning = f"{setting.meaning}: {setting.explain(forecast.running)}; {setting.standard}"
        style = "bold" if forecast.differs else ""
        table.add_row(Text(setting.name), number(forecast.running), Text(then, style=style), Text(meaning))
        for line in _reasons(forecast, verbose=verbose):
            table.add_row("", "", "", Text(one_line(line), style="dim"))
    return Padding(table, (0, 0, 1, 2))


def number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _reasons(forecast: Forecast, *, verbose: bool) -> list[str]:
    """Who decides at boot: always where a file does or the value changes, the losers with --verbose."""
    winner = forecast.decided_by
    lines = []
    if winner.place or forecast.differs or forecast.setting == USE_TEMPADDR or verbose:
        written = f" (written by {winner.place.generator})" if winner.place and winner.place.generator else ""
        lines.append(f"at boot: {winner.layer}, {winner.place or 'no file'}{written}: {winner.words}")
    if forecast.doubt:
        lines.append(f"not sure: {forecast.doubt}")
    if verbose:
        lines += [
            f"overruled: {said.layer}, {said.place}: {said.words}" for said in forecast.statements[:-1] if said.place
        ]
    return lines
