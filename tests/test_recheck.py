"""The story of a re-check, with a scan that is a function."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from scanner.data import load_catalogue
from scanner.findings import Facts, evaluate
from scanner.model.address import Address, Inventory, Kind, Listener, Origin, State
from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.run import Run
from scanner.model.settings import Profile
from scanner.policy import Policy
from scanner.recheck import Means, recheck, specs_of
from scanner.remedies.again import Standing
from scanner.scan import Request
from scanner.vantage.spec import NetnsSpec, parse_spec
from tests.remedies import sample
from tests.report import sample as report

RUN = sample.run()
ADDRESSES = tuple(
    Address(IPv6Address(ip), 64, "enp3s0", kind, State.PREFERRED, origin, 600, 600)
    for ip, kind, origin in (
        (sample.STABLE, Kind.STABLE, Origin.EUI64),
        (sample.TEMPORARY, Kind.TEMPORARY, Origin.TEMPORARY),
    )
)
LISTENERS = (Listener("tcp", "::", 445, "smbd", v6only=False),)
HOST = Inventory("host", "Linux", ADDRESSES, LISTENERS, None)


def means(look: Callable[[Request], Run], **changes: object) -> Means:
    one = Means(
        vantages=(NetnsSpec("inet"),),
        catalogue=load_catalogue(),
        policy=Policy(),
        discover=lambda: HOST,
        look=look,
        progress=lambda _: None,
        rate=5_000,
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def never(_: Request) -> Run:
    raise AssertionError("nothing was to be sent")


def test_only_what_tells_is_sent() -> None:
    asked: list[Request] = []

    def look(request: Request) -> Run:
        asked.append(request)
        return replace(report.after_fix(), findings=())

    findings = tuple(one for one in RUN.findings if one.port == 445)
    judged, scanned = recheck(RUN, findings, means(look))
    (request,) = asked
    settings = request.settings
    assert (str(settings.tcp), str(settings.udp)) == ("445", "")
    assert [str(ip) for ip in settings.addresses] == [sample.STABLE, sample.TEMPORARY]
    assert (settings.profile, settings.rate, settings.lan, settings.nmap) == (Profile.QUICK, 5_000, False, False)
    assert not settings.batteries
    assert not request.ask_dns
    assert [one.standing for one in judged] == [Standing.GONE, Standing.GONE]
    assert {(shift.before, shift.after, shift.ports) for one in judged for shift in one.shifts} == {
        ("open", "router-dropped", "445")
    }
    assert scanned is not None


def test_several_findings_share_one_scan() -> None:
    asked: list[Request] = []

    def look(request: Request) -> Run:
        asked.append(request)
        return RUN

    lan = sample.finding("V6X018", None, None, None)
    judged, _ = recheck(RUN, (RUN.findings[0], sample.WHOLE, lan), means(look))
    assert len(asked) == 1
    assert asked[0].settings.lan is True
    assert asked[0].settings.addresses == ()  # one of them is about all
    assert [one.standing for one in judged][:2] == [Standing.STILL_THERE, Standing.STILL_THERE]
    assert judged[2].standing is Standing.NOT_MEASURED


def test_the_hosts_own_settings_need_no_vantage() -> None:
    facts = Facts(HOST, (), (), (), load_catalogue())
    (bound,) = (one for one in evaluate(facts) if one.rule == "V6X016")
    (told,), scanned = recheck(RUN, (bound,), means(never, vantages=()))
    assert (told.standing, scanned) == (Standing.STILL_THERE, None)
    quiet = replace(HOST, listeners=())
    (told,), _ = recheck(RUN, (bound,), means(never, vantages=(), discover=lambda: quiet))
    assert told.standing is Standing.GONE


def test_an_address_that_is_gone_is_not_measured() -> None:
    gone = replace(HOST, addresses=ADDRESSES[:1])
    found = sample.finding(address=sample.TEMPORARY)
    (told,), scanned = recheck(RUN, (found,), means(never, discover=lambda: gone))
    assert (told.standing, scanned) == (Standing.NOT_MEASURED, None)
    assert "no address of that kind" in told.why


def test_without_a_vantage_nothing_can_be_sent() -> None:
    with pytest.raises(EnvironmentFault, match="no vantage"):
        recheck(RUN, (sample.WHOLE,), means(never, vantages=()))


def with_spec(spec: str) -> Run:
    return replace(RUN, vantages=(report.vantage(spec=spec),))


def test_the_runs_own_vantages_are_taken() -> None:
    assert specs_of(RUN, (), (), trusted=False) == (NetnsSpec("inet"),)


def test_what_the_owner_says_comes_first() -> None:
    assert specs_of(RUN, ("netns:other",), ("netns:third",), trusted=True) == (NetnsSpec("other"),)
    assert specs_of(replace(RUN, vantages=()), (), ("netns:third",), trusted=True) == (NetnsSpec("third"),)


def test_a_command_in_a_document_is_not_run() -> None:
    spec = "exec:sh -c 'rm -rf /'"
    with pytest.raises(InputError, match="no document is trusted with commands"):
        specs_of(with_spec(spec), (), (), trusted=False)
    assert specs_of(with_spec(spec), (), (), trusted=True) == (parse_spec(spec),)
    said = str(parse_spec(spec))
    assert specs_of(with_spec(spec), (), (said,), trusted=False) == (parse_spec(spec),)


@pytest.mark.parametrize("spec", ["ssh:-oProxyCommand=id", "netns:../../etc", "gopher:x", ""])
def test_odd_vantages_of_a_document_are_refused(spec: str) -> None:
    with pytest.raises(InputError):
        specs_of(with_spec(spec), (), (), trusted=False)
