"""Every template word for word (golden/). ``V6EXPOSE_GOLDEN=write`` writes them anew."""

import os
from pathlib import Path

import pytest

from scanner.remedies import Remedy, load_routers, remedies_for
from scanner.remedies.render import render
from tests.remedies import sample

GOLDEN = Path(__file__).parent / "golden"
TEMPLATES = Path(__file__).parents[2] / "templates" / "remedies"
IDS = [router.id for router in load_routers()]


def text_of(remedy: Remedy) -> str:
    return f"{remedy.title}\n{remedy.language}\n{remedy.source}\n{remedy.caution}\n\n{remedy.text}"


def compare(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("V6EXPOSE_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", IDS)
def test_a_router(name: str) -> None:
    remedy = remedies_for(sample.run(), sample.WHOLE, name, sample.CHOICE)[0]
    assert remedy.router == name
    compare(name, text_of(remedy))


@pytest.mark.parametrize("name", ["yamaha-rtx", "nec-ix", "cisco-ios"])
def test_a_router_that_filters_the_ends_of_its_tunnel(name: str) -> None:
    compare(f"{name}-tunnel", remedies_for(sample.run(), sample.WHOLE, name, sample.WITH_TUNNEL)[0].text)


@pytest.mark.parametrize("name", ["yamaha-rtx", "ip6tables", "ntt-hgw", "unifi"])
def test_nothing_is_kept_open(name: str) -> None:
    closed = sample.run(findings=tuple(sample.finding("V6X001", None, "tcp", port) for port in (22, 80, 443)))
    findings = (*closed.findings, *sample.run().findings)
    remedy = remedies_for(sample.run(findings=findings), sample.WHOLE, name)[0]
    compare(f"{name}-closed", remedy.text)


@pytest.mark.parametrize(("port", "protocol"), [(445, "tcp"), (8080, "tcp"), (111, "udp")])
def test_the_host(port: int, protocol: str) -> None:
    found = sample.finding("V6X001", sample.STABLE, protocol, port)
    on_host = [one for one in remedies_for(sample.run(), found, "generic") if one.router == "host"]
    assert len(on_host) == 1
    compare(f"host-{port}-{protocol}", text_of(on_host[0]))


@pytest.mark.parametrize("template", ["sshd", "nginx"])
def test_a_program(template: str) -> None:
    text = render(f"host/{template}", bind="2001:db8::5", port=443, protocol="tcp", interface="eth0")
    compare(f"host-{template}", text)


def test_every_template_is_read() -> None:
    named = {path.name.removesuffix(".j2") for path in TEMPLATES.glob("*.j2")}
    assert named == {*IDS, "doors-steps"}


def test_every_source_names_a_document() -> None:
    for router in load_routers():
        assert len(router.source) > 20, router.id


@pytest.mark.parametrize("name", IDS)
def test_what_must_pass_is_kept(name: str) -> None:
    """Each says something of what is answered, and of ICMPv6."""
    text = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").lower()
    assert "icmp" in text or "echo" in text or "ping" in text or name in ("ufw", "ufw-host", "firewalld-host"), name
