"""V6X024 to V6X026: what the home router owes RFC 6092. One finding for mistakes of a kind, not for each."""

from collections.abc import Iterator, Mapping

from scanner.findings.batteries import rows_of
from scanner.findings.facts import View
from scanner.findings.fingerprint import fingerprint
from scanner.model.conformance import ConformanceRow, Result, Standard
from scanner.model.finding import Finding, Severity
from scanner.model.settings import Expectation
from scanner.model.text import Text, clauses, commas, say, say_many

ROUTER_ANSWERS, LEAKS, NOT_KEPT = "V6X024", "V6X025", "V6X026"
SERVICES: Mapping[str, Severity] = {"REC-50": Severity.HIGH, "REC-8": Severity.MEDIUM, "REC-9": Severity.LOW}
SOURCES = ("REC-3", "REC-5", "REC-7")
# What RFC 6092 wants let in or answered, and an owner who wants nothing unsolicited does not.
OPENNESS = frozenset({"REC-21", "REC-22", "REC-24", "REC-26", "REC-34", "REC-39"})
# What only a filter can do: nothing is missed where the owner wants none.
FILTERING = frozenset({"REC-4", "REC-10", "REC-11", "REC-17", "REC-33"}) | OPENNESS


def judge_router_answers(view: View) -> Iterator[Finding]:
    """V6X024: DNS, DHCPv6 or management at the router's own outer address. Nobody means that, whatever is expected."""
    rows = [row for row in violated(view) if row.id in SERVICES]
    if rows:
        yield _finding(
            ROUTER_ANSWERS,
            max((SERVICES[row.id] for row in rows), key=lambda severity: severity.rank),
            say("Your router itself answers strangers"),
            say(
                "Whoever finds a flaw in that service, or guesses its password, owns the router, and with it "
                "everything behind it. An open DNS server also serves attacks on others."
            ),
            clauses(list(dict.fromkeys(row.evidence for row in rows))),
            say(
                "Router: switch off remote management and services on the Internet side (WAN), and update its software."
            ),
            clauses([say("RFC 6092 {recommendation}", recommendation=name) for name in ids(rows)]),
        )


def judge_leaks(view: View) -> Iterator[Finding]:
    """V6X025: source addresses that must not leave the home do."""
    rows = [row for row in violated(view) if row.id in SOURCES]
    if rows:
        yield _finding(
            LEAKS,
            Severity.LOW,
            say("Forged and private source addresses leave your home"),
            say(
                "A device at home that has been taken over can attack others in somebody else's name, and addresses "
                "that are meant for inside show outside."
            ),
            clauses(list(dict.fromkeys([row.title for row in rows] + [row.evidence for row in rows]))),
            say("Router: forward only what comes from your own prefix (ingress filtering, BCP 38)."),
            clauses([say("RFC 6092 {recommendation}", recommendation=name) for name in ids(rows)]),
        )


def judge_not_kept(view: View) -> Iterator[Finding]:
    """V6X026: the rest, once, as far as the owner wants it."""
    rows = [row for row in violated(view) if row.id in expected(view) and row.id not in (*SERVICES, *SOURCES)]
    if rows:
        names = ids(rows)
        yield _finding(
            NOT_KEPT,
            Severity.INFO,
            say_many(
                "{count} recommendation for home routers is not kept",
                "{count} recommendations for home routers are not kept",
                len(names),
            ),
            say("None of these lets anybody in by itself; each breaks something for you or tells something about you."),
            commas([say("{recommendation} ({title})", recommendation=n, title=_title(rows, n)) for n in names]),
            say("The table of conformance in the report says what was seen of each and what it means."),
            say("RFC 6092"),
        )


def expected(view: View) -> frozenset[str]:
    """The recommendations that the owner wants kept."""
    every = frozenset(row.id for row in violated(view))
    unwanted: Mapping[Expectation, frozenset[str]] = {
        Expectation.STRICT: OPENNESS,
        Expectation.TRANSPARENT: FILTERING,
    }
    return every - unwanted.get(view.facts.expect, frozenset())


def violated(view: View) -> list[ConformanceRow]:
    return [row for row in rows_of(view, Standard.RFC6092) if row.result is Result.VIOLATES]


def ids(rows: list[ConformanceRow]) -> list[str]:
    return list(dict.fromkeys(row.id for row in rows))


def _title(rows: list[ConformanceRow], name: str) -> str:
    return next(row.title for row in rows if row.id == name)


def _finding(
    rule: str, severity: Severity, title: Text, why: str, evidence: str, remedy: str, standard: str
) -> Finding:
    return Finding(
        rule,
        severity,
        title,
        None,
        None,
        None,
        why,
        evidence,
        remedy,
        standard,
        fingerprint(rule, None, None, "router"),
    )
