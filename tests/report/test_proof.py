"""What proves a finding: probe, answer, arrival and hop, from every vantage."""

from dataclasses import replace
from datetime import timedelta

from scanner.model.finding import Finding
from scanner.report.cards import cards_of
from scanner.report.cardview import card_views
from scanner.report.proof import proofs_of

from .sample import ROUTER_MAC, STABLE, STARTED, TEMPORARY, after_fix, before_fix


def finding(port: int, protocol: str = "tcp", address: str = STABLE) -> Finding:
    return replace(before_fix().findings[0], port=port, protocol=protocol, address=address)


def test_an_open_port_is_proven_from_both_sides() -> None:
    ((target, (proof,)),) = proofs_of(before_fix(), [finding(445)]).items()
    assert target == (STABLE, "tcp", 445)
    assert proof.probe == f"TCP SYN to [{STABLE}]:445, sent once"
    assert proof.answer == "syn-ack from the address itself, hop limit 61"
    assert proof.arrival == f"arrived by way of {ROUTER_MAC}, hop limit 61"
    assert proof.hop == "the home router, hop 3, 2001:db8:d::3, let it in"
    assert proof.words.label == "open"


def test_a_silent_udp_port_says_how_often_it_was_asked() -> None:
    ((_, (proof,)),) = proofs_of(before_fix(), [finding(137, "udp", TEMPORARY)]).items()
    assert proof.probe == f"UDP datagram to [{TEMPORARY}]:137, sent 3 times"


def test_where_a_probe_ended_is_said_as_it_was_found() -> None:
    ((_, (proof,)),) = proofs_of(after_fix(), [finding(445)]).items()
    assert proof.arrival == "never arrived"
    assert proof.hop.startswith("the router answers probes whose hop limit ends there")


def test_an_unseen_way_is_not_made_up() -> None:
    run = before_fix()
    run = replace(run, vantages=tuple(replace(one, path=()) for one in run.vantages))
    ((_, (proof,)),) = proofs_of(run, [finding(445)]).items()
    assert proof.hop == "the way to the host was not seen"


def test_only_the_port_that_is_meant() -> None:
    assert proofs_of(before_fix(), [finding(445, address="2001:db8::1")]) == {}
    assert proofs_of(before_fix(), [finding(40000, "udp")]) == {}
    ((_, (proof,)),) = proofs_of(before_fix(), [finding(444)]).items()
    assert proof.words.label == "passed, closed"


def test_every_vantage_is_told() -> None:
    run = before_fix()
    second = replace(run.vantages[0], name="other")
    tables = tuple(replace(table, vantage="other") for table in run.ports)
    ((_, proofs),) = proofs_of(
        replace(run, vantages=(*run.vantages, second), ports=(*run.ports, *tables)), [finding(445)]
    ).items()
    assert [proof.vantage for proof in proofs] == ["inet", "other"]


def test_a_card_says_since_when_and_how_to_ask_again() -> None:
    run = before_fix()
    old, new, unknown = (
        replace(finding(port), fingerprint=f"{port:016x}", title=f"Port {port}", first_seen=first, last_seen=last)
        for port, first, last in (
            (22, STARTED - timedelta(days=9), STARTED - timedelta(days=1)),
            (80, STARTED, None),
            (443, None, None),
        )
    )
    views = {view.title: view for view in card_views(cards_of((old, new, unknown)), run)}
    assert views["Port 22"].seen == ("First seen 2026-11-14 00:12 UTC, last seen before this run 2026-11-22 00:12 UTC")
    assert views["Port 80"].seen == "New in this run"
    assert views["Port 443"].seen == ""
    assert views["Port 22"].recheck == (f"v6expose recheck {22:016x}",)
    assert views["Port 22"].spots == (f"{22:016x}",)


def test_a_fingerprint_from_elsewhere_becomes_no_id() -> None:
    strange = replace(finding(445), fingerprint='verdict" onclick="x')
    twice = replace(finding(22), fingerprint="0123456789abcdef", title="One")
    views = card_views(cards_of((strange, twice, replace(twice, title="Two"))), before_fix())
    assert sorted(spot for view in views for spot in view.spots) == ["0123456789abcdef"]
