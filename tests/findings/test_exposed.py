"""V6X001: one finding for every open port that no policy allows, at the severity of its service."""

import pytest

from scanner.findings import evaluate
from scanner.findings.weight import lowered
from scanner.model.finding import Finding, Severity
from scanner.model.ports import PortSet
from scanner.model.run import Evidence, ServiceRecord
from scanner.model.verdict import Verdict
from scanner.policy import AddressRole, Allow, Policy

from .conftest import STABLE, TEMPORARY, facts, inventory, listener, only, table, vantage

SYN_ACK = Evidence("22,445", Verdict.OPEN, "syn-ack", STABLE, 61, True, "02:00:00:00:00:01", 60, 1)  # noqa: FBT003


def exposed(*args: object, **more: object) -> list[Finding]:
    return only("V6X001", evaluate(facts(*args, **more)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("protocol", "verdict", "port", "severity", "title"),
    [
        ("tcp", "open", "445", "critical", "SMB file sharing answers strangers on tcp/445"),
        ("tcp", "open", "139", "high", "NetBIOS session service answers strangers on tcp/139"),
        ("tcp", "open", "22", "medium", "SSH answers strangers on tcp/22"),
        ("tcp", "open", "80", "low", "Web server (HTTP) answers strangers on tcp/80"),
        ("tcp", "open", "443", "low", "Web server (HTTPS) answers strangers on tcp/443"),
        ("tcp", "open", "8444", "medium", "An unknown program answers strangers on tcp/8444"),
        ("udp", "open", "53", "high", "DNS server answers strangers on udp/53"),
        ("udp", "open_filtered", "53", "medium", "DNS server may answer strangers on udp/53"),
        ("udp", "open_filtered", "623", "high", "IPMI remote management may answer strangers on udp/623"),
        ("udp", "open_filtered", "51820", "info", "WireGuard may answer strangers on udp/51820"),
        ("udp", "open_filtered", "9999", "low", "An unknown program may answer strangers on udp/9999"),
    ],
)
def test_severity_and_title_follow_the_service(
    protocol: str, verdict: str, port: str, severity: str, title: str
) -> None:
    (finding,) = exposed(table(protocol=protocol, **{verdict: port}))
    assert (finding.severity, finding.title) == (severity, title)
    assert (finding.address, finding.protocol, finding.port) == (STABLE, protocol, int(port))


def test_every_address_has_its_own_finding() -> None:
    found = exposed(table(open="445"), table(TEMPORARY, open="445"))
    assert [finding.address for finding in found] == [STABLE, TEMPORARY]


@pytest.mark.parametrize(
    "verdict",
    [
        "closed",
        "host_dropped",
        "host_rejected",
        "reply_lost",
        "no_neighbour",
        "router_dropped",
        "router_rejected",
        "upstream_dropped",
        "upstream_rejected",
        "blocked",
        "intercepted",
        "forged",
        "indeterminate",
    ],
)
def test_nothing_else_counts_as_an_answer_of_the_host(verdict: str) -> None:
    assert exposed(table(**{verdict: "445"})) == []


@pytest.mark.parametrize(
    ("role", "left"),
    [
        (AddressRole.ANY, []),
        (AddressRole.STABLE, [TEMPORARY]),
        (AddressRole.TEMPORARY, [STABLE]),
    ],
)
def test_what_the_policy_allows_is_no_finding(role: AddressRole, left: list[str]) -> None:
    policy = Policy((Allow("tcp", PortSet.parse("22"), role),))
    found = exposed(table(open="22"), table(TEMPORARY, open="22"), policy=policy)
    assert [finding.address for finding in found] == left


def test_a_policy_allows_what_may_answer_as_well() -> None:
    policy = Policy((Allow("udp", PortSet.parse("51820")),))
    assert exposed(table(protocol="udp", open_filtered="51820"), policy=policy) == []


def test_a_policy_for_tcp_does_not_speak_of_udp() -> None:
    policy = Policy((Allow("tcp", PortSet.parse("53")),))
    (finding,) = exposed(table(open="53"), table(protocol="udp", open="53"), policy=policy)
    assert finding.protocol == "udp"


def test_two_vantages_make_one_finding_that_names_both() -> None:
    (finding,) = exposed(table(vantage="vps", open="445"), table(vantage="cafe", open="445"))
    assert "from vps: open" in finding.evidence
    assert "from cafe: open" in finding.evidence


def test_an_answer_from_one_vantage_settles_the_doubt_of_another() -> None:
    (finding,) = exposed(
        table(vantage="vps", protocol="udp", open_filtered="53"), table(vantage="cafe", protocol="udp", open="53")
    )
    assert finding.severity == Severity.HIGH
    assert finding.title == "DNS server answers strangers on udp/53"


def test_the_evidence_tells_answer_arrival_listener_and_recognition() -> None:
    record = ServiceRecord(STABLE, "vps", "tcp", 445, "microsoft-ds", "Samba smbd", "4.17", "smbd")
    (finding,) = exposed(
        table(open="445", evidence=(SYN_ACK,)), host=inventory(listeners=(listener(445),)), services=(record,)
    )
    assert finding.evidence == (
        f"from vps: open, syn-ack from {STABLE} with hop limit 61, the probe arrived inside from 02:00:00:00:00:01; "
        "listening inside: smbd on [::]:445; recognised from vps as microsoft-ds Samba smbd 4.17"
    )


def test_an_unlisted_service_is_named_by_its_process() -> None:
    (finding,) = exposed(table(open="8444"), host=inventory(listeners=(listener(8444, "caddy"),)))
    assert finding.title == "An unknown program (caddy) answers strangers on tcp/8444"


def test_the_socket_bound_to_the_address_is_named_before_the_general_one() -> None:
    listeners = (listener(8444, "general"), listener(8444, "special", bind=STABLE))
    found = exposed(table(open="8444"), table(TEMPORARY, open="8444"), host=inventory(listeners=listeners))
    assert [finding.title.split("(")[1].split(")")[0] for finding in found] == ["special", "general"]


@pytest.mark.parametrize(
    "other",
    [
        listener(8444, protocol="udp"),
        listener(8443),
        listener(8444, bind="2001:db8:a::99"),
        listener(8444, bind="::1"),
        listener(8444, interface="wlan0"),
    ],
)
def test_a_socket_that_cannot_have_answered_is_not_named(other: object) -> None:
    (finding,) = exposed(table(open="8444"), host=inventory(listeners=(other,)))  # type: ignore[arg-type]
    assert finding.title.startswith("An unknown program answers")
    assert "listening inside" not in finding.evidence


def test_hostile_names_are_made_printable_and_short() -> None:
    record = ServiceRecord(STABLE, "vps", "tcp", 8444, "http", "evil\x1b[2J" + "A" * 500, "", "")
    (finding,) = exposed(table(open="8444"), host=inventory(listeners=(listener(8444, "a\nb"),)), services=(record,))
    assert finding.title == "An unknown program (a?b) answers strangers on tcp/8444"
    assert finding.evidence.isprintable()
    assert len(finding.evidence) < 300


def test_without_a_witness_the_answer_is_only_probably_the_hosts() -> None:
    (finding,) = exposed(table(open="445"), witness=False)
    assert "probably" in finding.evidence
    (watched,) = exposed(table(open="445"))
    assert "probably" not in watched.evidence


def test_without_a_witness_silence_counts_only_where_a_program_is_known_to_listen() -> None:
    host = inventory(listeners=(listener(53, "named", protocol="udp"),))
    (finding,) = exposed(table(protocol="udp", open_filtered="53,5353"), host=host, witness=False)
    assert finding.port == 53


def test_a_refuted_vantage_proves_nothing() -> None:
    assert exposed(table(open="445"), vantages=(vantage(outside="refuted"),)) == []


def test_what_is_often_intended_is_asked_before_it_is_accused() -> None:
    ssh, smb = exposed(table(open="22"))[0], exposed(table(open="445"))[0]
    assert ssh.remedy.startswith("If you mean it to be reachable, allow tcp 22 in your policy.")
    assert smb.remedy.startswith("Host: In smb.conf")
    assert smb.remedy.endswith("If you do mean it, allow tcp 445 in your policy.")


def test_the_standard_names_the_weakness_and_the_reference() -> None:
    assert exposed(table(open="445"))[0].standard.startswith("CWE-1327; CVE-2017-0144")
    assert exposed(table(open="8444"))[0].standard == "CWE-1327"


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.CRITICAL, Severity.HIGH),
        (Severity.HIGH, Severity.MEDIUM),
        (Severity.MEDIUM, Severity.LOW),
        (Severity.LOW, Severity.INFO),
        (Severity.INFO, Severity.INFO),
    ],
)
def test_one_step_lower(severity: Severity, expected: Severity) -> None:
    assert lowered(severity) is expected
