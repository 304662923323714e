"""The shipped catalogue: complete, without contradictions, and honest in every row."""

import re

import pytest

from scanner.data import load_catalogue, parse_catalogue
from scanner.model.catalogue import Catalogue
from scanner.model.errors import InputError
from scanner.model.finding import Severity
from scanner.model.ports import PortSet

# The research catalogue's rows: what must be there, whatever is added.
TCP = (
    "445,139,135,593,3389,5985-5986,47001,5357,2869,5000,111,2049,20048,548,873,3260,21,23,2323,22,512-514,79,113,"
    "5900-5903,5800,6000-6003,5988,5938,3306,33060,5432,1433,1521,50000,6379,27017-27018,9200,9300,5601,9042,7000,"
    "5984,8086,11211,2181,9092,5672,15672,4369,2375-2377,10250,10255,6443,2379-2380,8001,5001,8500,4646,9000-9001,"
    "9090,9100,631,515,8888,8265,11434,7860,8188,3000,5173,4200,8080,8081,8000,9229,5037,5555,8009,1099,8686,5005,8787,"
    "4444-4445,25,465,587,389,636,3268,88,443,80,32400,8096,8920,8123,1880,1883,8883,554,8554,37777,34567,16992-16995,"
    "7547,4567,53,502,102,20000,44818,4840,1911,2404,5060,10000,8291,49152,62078,3689,22000,6881"
)
UDP = (
    "137-138,3389,3702,5355,5353,1900,111,69,177,3283,1434,11211,631,389,88,5683-5684,161-162,623,53,123,500,4500,47808,"
    "546-547,5351,51820,1194,1701,3478,5060,57621,21027,6881"
)
ROW = {
    "service": "Teapot",
    "protocols": ["tcp"],
    "ports": "418",
    "severity": "low",
    "why": "It is short and stout.",
}


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize(("protocol", "ports"), [("tcp", TCP), ("udp", UDP)])
def test_every_service_of_the_research_stands_in_the_catalogue(shipped: Catalogue, protocol: str, ports: str) -> None:
    assert str(PortSet.parse(ports) - shipped.ports(protocol)) == ""


@pytest.mark.parametrize(
    ("protocol", "port", "severity"),
    [
        ("tcp", 445, "critical"),
        ("tcp", 139, "high"),
        ("udp", 137, "low"),
        ("tcp", 22, "medium"),
        ("tcp", 80, "low"),
        ("tcp", 443, "low"),
        ("udp", 53, "high"),
        ("udp", 500, "low"),
        ("tcp", 6379, "critical"),
        ("tcp", 5000, "high"),  # Synology is graver than UPnP
        ("udp", 47808, "critical"),
    ],
)
def test_severities_are_those_of_the_research(shipped: Catalogue, protocol: str, port: int, severity: str) -> None:
    service = shipped.find(protocol, port)
    assert service is not None
    assert service.severity == severity


def test_every_row_says_why_and_how_to_close_it(shipped: Catalogue) -> None:
    for service in shipped.services:
        assert service.why.endswith(".")
        assert service.hint.endswith(".")
        assert service.ports
        assert service.severity is not Severity.INFO


def test_references_are_documents_somebody_can_look_up(shipped: Catalogue) -> None:
    for service in shipped.services:
        for reference in filter(None, service.reference.split(", ")):
            assert re.match(r"(CVE-\d{4}-\d{4,7}|RFC \d{3,4})\b", reference), service.name


def test_only_industrial_control_is_passive(shipped: Catalogue) -> None:
    assert str(shipped.passive_ports("tcp")) == "102,502,1911,2404,4840,20000,44818"
    assert str(shipped.passive_ports("udp")) == "47808"


def test_what_owners_publish_on_purpose_is_marked(shipped: Catalogue) -> None:
    for port in (22, 80, 443):
        service = shipped.find("tcp", port)
        assert service is not None
        assert service.often_intended
    assert not any(service.often_intended for service in shipped.services if service.severity is Severity.CRITICAL)


def test_an_unlisted_port_is_not_found(shipped: Catalogue) -> None:
    assert shipped.find("tcp", 65000) is None
    assert shipped.find("udp", 445) is None


def test_a_row_without_a_hint_takes_the_general_one() -> None:
    catalogue = parse_catalogue({"hint": "Stop it.", "service": [ROW, ROW | {"ports": "419", "hint": "Drink it."}]})
    assert [service.hint for service in catalogue.services] == ["Stop it.", "Drink it."]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"severity": "dire"}, "severity 'dire'"),
        ({"why": " "}, "no why"),
        ({"service": ""}, "no service"),
        ({"ports": 418}, "no ports"),
        ({"ports": "teapot"}, "'teapot'"),
        ({"protocols": ["sctp"]}, "protocols"),
        ({"protocols": []}, "protocols"),
        ({"colour": "blue"}, "unknown key 'colour'"),
    ],
)
def test_a_bad_row_is_named(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=re.escape(complaint)):
        parse_catalogue({"service": [ROW | change]})


def test_a_port_with_two_rows_is_refused() -> None:
    other = ROW | {"service": "Kettle", "ports": "400-420", "protocols": ["tcp", "udp"]}
    with pytest.raises(InputError, match="tcp/418 stands in two rows"):
        parse_catalogue({"service": [ROW, other]})


def test_the_same_port_may_serve_another_protocol() -> None:
    catalogue = parse_catalogue({"service": [ROW, ROW | {"service": "Kettle", "protocols": ["udp"]}]})
    kettle = catalogue.find("udp", 418)
    assert kettle is not None
    assert kettle.name == "Kettle"
