"""The four large numbers under the verdict. Pure."""

from dataclasses import dataclass

from scanner.model.run import Run
from scanner.model.text import say, say_many
from scanner.report.tally import Tally, tally_of, trusted_tables
from scanner.report.text import percent
from scanner.report.words import Group

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that is worth a large figure. ``group`` colours it, "" leaves it plain."""

    figure: str
    label: str
    note: str
    group: str


def figures_of(run: Run, *, whole: bool) -> tuple[Fact, ...]:
    """None where nothing was scanned. Only a ``whole`` run shows a number in the colour of a filter that works."""
    tally = tally_of(trusted_tables(run))
    if not tally.scanned:
        return ()
    opened, reached = tally.of(Group.OPEN), tally.of(Group.OPEN, Group.PASSED)
    stopped, elsewhere = tally.of(Group.ROUTER), tally.of(Group.UPSTREAM, Group.BLOCKED)
    unknown = tally.of(Group.UNKNOWN, Group.STRANGE)
    return (
        Fact(f"{opened:,}", say("open to strangers"), _named(tally), "open" if opened else ""),
        Fact(f"{reached:,}", say("passed the router"), _passed(run, tally), "passed" if reached else ""),
        Fact(
            f"{stopped:,}",
            say("stopped by the router"),
            _stopped(percent(stopped / tally.scanned), elsewhere),
            "router" if stopped and whole else "",
        ),
        Fact(
            f"{unknown:,}",
            say("unknown"),
            percent(unknown / tally.scanned) if unknown else say("every scanned port was judged"),
            "unknown" if unknown else "",
        ),
    )


def _passed(run: Run, tally: Tally) -> str:
    reached = tally.of(Group.OPEN, Group.PASSED)
    addresses = len({table.address for table in trusted_tables(run)})
    return say(
        "{share} of {ports} scanned on {addresses}",
        share=percent(reached / tally.scanned),
        ports=say_many("{count} port", "{count:,} ports", tally.scanned),
        addresses=say_many("{count} address", "{count:,} addresses", addresses),
    )


def _stopped(share: str, elsewhere: int) -> str:
    if not elsewhere:
        return say("{share}, on every address", share=share)
    return say("{share}, on every address; {elsewhere:,} more stopped elsewhere", share=share, elsewhere=elsewhere)


def _named(tally: Tally) -> str:
    """The first open ports, by number."""
    if not tally.open_ports:
        return say("no service answered")
    ports = ", ".join(f"{port}/{protocol}" for protocol, port in tally.open_ports[:MOST_NAMED])
    more = len(tally.open_ports) - MOST_NAMED
    return say("{ports} and {more:,} more", ports=ports, more=more) if more > 0 else ports
