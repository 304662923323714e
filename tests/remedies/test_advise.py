"""Which remedies a finding has, for which router."""

from dataclasses import replace

import pytest

from scanner.model.address import Listener
from scanner.model.errors import InputError
from scanner.model.run import RouterRecord, Run
from scanner.remedies import Guess, guess_router, remedies_for
from scanner.remedies.advise import likeliest
from tests.remedies import sample


def behind(vendor: str = "", domains: tuple[str, ...] = (), address: str = "fe80::abcd") -> Run:
    return sample.run(router=RouterRecord(address, "00:a0:de:00:00:01", "enp3s0", vendor, domains))


def ids(run: Run) -> list[str]:
    return [guess.router for guess in guess_router(run)]


@pytest.mark.parametrize(
    ("vendor", "first"),
    [
        ("YAMAHA CORPORATION", "yamaha-rtx"),
        ("Routerboard.com", "mikrotik"),
        ("AVM GmbH", "fritzbox"),
        ("AVM Audiovisuelles Marketing und Computersysteme GmbH", "fritzbox"),
        ("Cisco Systems, Inc", "cisco-ios"),
        ("Juniper Networks", "juniper-srx"),
        ("Ubiquiti Networks Inc.", "edgeos"),
        ("NEC Platforms, Ltd.", "nec-ix"),
        ("Mitsubishi Electric Corporation", "ntt-hgw"),
        ("Deciso B.V.", "opnsense"),
        ("Yamaha", "yamaha-rtx"),  # as nmap's list has it
        ("Mitsubishi Electric", "ntt-hgw"),
    ],
)
def test_a_vendor_names_a_router(vendor: str, first: str) -> None:
    assert ids(behind(vendor))[0] == first


@pytest.mark.parametrize(
    "vendor",
    [
        "",
        "YAMAHA MOTOR CO.,LTD",
        "Yamaha Motor",
        "Mitsubishi Electric System & Service",
        "Dell Inc.",
        "Apple, Inc.",
        "Cisco SPVTG",
    ],
)
def test_other_vendors_name_none(vendor: str) -> None:
    assert ids(behind(vendor)) == []


def test_one_vendor_may_make_several() -> None:
    assert ids(behind("Ubiquiti Inc")) == ["edgeos", "unifi"]
    assert set(ids(behind("NEC Platforms, Ltd."))) == {"nec-ix", "ntt-hgw"}


def test_what_the_network_hands_out_comes_first() -> None:
    (first, *_) = guess_router(behind("Ubiquiti Inc", ("fritz.box",)))
    assert first == Guess("fritzbox", "FRITZ!Box", "the network hands out the search domain fritz.box")


def test_the_address_it_advertises_from() -> None:
    assert ids(behind(address="fe80::1:1")) == ["pfsense", "opnsense"]


def test_the_network_of_a_cloud() -> None:
    run = sample.run()
    addresses = tuple(replace(one, address="2600:1f18::5") if one.scanned else one for one in run.addresses)
    assert ids(replace(run, addresses=addresses)) == ["aws"]


def test_without_a_router_nothing_is_guessed() -> None:
    run = sample.run()
    assert guess_router(replace(run, host=replace(run.host, default_router=None))) == ()


def test_the_guess_is_taken_and_the_owner_knows_better() -> None:
    run = behind("YAMAHA CORPORATION")
    assert likeliest(run) == "yamaha-rtx"
    assert likeliest(replace(run, host=replace(run.host, router="vyos"))) == "vyos"
    assert remedies_for(run, sample.WHOLE, None)[0].router == "yamaha-rtx"
    assert remedies_for(run, sample.WHOLE, "mikrotik")[0].router == "mikrotik"


def test_nobody_knows_the_router() -> None:
    assert remedies_for(behind(), sample.WHOLE, None)[0].router == "generic"
    assert likeliest(replace(behind(), host=replace(behind().host, router="no such router"))) == "generic"


def test_an_unknown_router_is_an_error_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"did you mean .*yamaha-rtx"):
        remedies_for(sample.run(), sample.WHOLE, "yamaha")
    with pytest.raises(InputError, match="--list names all"):
        remedies_for(sample.run(), sample.WHOLE, "qqq")


def test_a_filter_cures_what_a_filter_can() -> None:
    for rule in ("V6X001", "V6X002", "V6X003", "V6X005", "V6X018"):
        assert remedies_for(sample.run(), sample.finding(rule, None, None, None), "openwrt")[0].router == "openwrt"
    for rule in ("V6X004", "V6X008", "V6X009", "V6X010", "V6X012"):
        assert remedies_for(sample.run(), sample.finding(rule, None, None, None), "openwrt") == ()


def on_host(process: str, *, port: int = 445, kept: bool = False) -> str:
    run = replace(sample.run(), listeners=(Listener("tcp", "::", port, process, v6only=False),))
    found = sample.finding(port=port)
    if kept:
        run = replace(run, findings=())
    return "".join(one.text for one in remedies_for(run, found, "openwrt") if one.router == "host")


def test_a_program_is_bound_to_loopback_unless_it_is_meant_to_be_found() -> None:
    assert "listen [::1]:8080;" in on_host("nginx", port=8080)
    assert f"listen [{sample.STABLE}]:443;" in on_host("nginx", port=443, kept=True)
    assert "ListenAddress [::1]:445" in on_host("sshd")
    assert "bind interfaces only = yes" in on_host("smbd")
    assert "bind ::1" in on_host("redis-server", port=8080)


def test_a_program_that_nobody_knows_is_kept_in_by_the_host() -> None:
    run = replace(sample.run(), listeners=(Listener("tcp", "::", 445, "mystery", v6only=False),))
    routers = [one.router for one in remedies_for(run, sample.finding(), "openwrt")]
    assert routers == ["openwrt", "host", "nftables-host"]


def test_a_program_on_every_address_is_bound() -> None:
    found = replace(sample.finding("V6X016", None, None, None), evidence="sshd is bound to [::] on tcp/22 and tcp/2222")
    (remedy,) = remedies_for(sample.run(), found, None)
    assert remedy.router == "host"
    assert f"ListenAddress [{sample.STABLE}]:22" in remedy.text


def test_japanese_steps_are_rendered() -> None:
    english = remedies_for(sample.run(), sample.WHOLE, "fritzbox")[0].text
    japanese = remedies_for(sample.run(), sample.WHOLE, "fritzbox", language="ja")[0].text
    assert english.count("\n") == japanese.count("\n")
