"""The far end with a network of its own: raw packets as built, at their rate, with every error counted."""

import base64
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from itertools import pairwise
from typing import Any

import pytest
from vantage.local import collect, receive

from scanner.lab import commands
from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES, reject_admin, stateful, stateful_none
from scanner.lab.topology import CPE_OUTSIDE, LAN_ROUTER
from scanner.probes.answers import read_answer
from scanner.probes.bpf import answers_filter
from scanner.probes.craft import Flow, Template, stamp, syn_template, udp_packet, udp_template
from scanner.probes.tokens import sequence_number, token_of
from scanner.vantage.session import Session, open_session
from scanner.vantage.spec import ExecSpec, NetnsSpec

from .prober import capture_on

KEY, SALT = bytes(range(16)), b"salt"
SO_TIMESTAMPNS = 35  # asm-generic/socket.h; Python 3.11 has no name for it
WITHOUT_CAPABILITIES = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")


@pytest.fixture
def target(lab: Lab) -> IPv6Address:
    return lab.host_addresses()[0].ip


@pytest.fixture
def session(lab: Lab) -> Iterator[Session]:
    lab.apply(PASSES)
    one = open_session(NetnsSpec(lab.node("inet")))
    yield one
    one.close()


@pytest.fixture
def plain(lab: Lab) -> Iterator[Session]:
    lab.apply(PASSES)
    one = open_session(ExecSpec(("ip", "netns", "exec", lab.node("inet"), *WITHOUT_CAPABILITIES)))
    assert not one.hello.raw
    yield one
    one.close()


def ports_of(session: Session, lab: Lab, number: int) -> list[int]:
    ports: list[int] = session.request({"op": "reserve", "address": str(lab.vantage_address), "count": number})["ports"]
    return ports


def listen(session: Session, lab: Lab, ports: list[int]) -> None:
    program = answers_filter(lab.vantage_address, (min(ports), max(ports)))
    assert session.request({"op": "listen", "filter": program})["e"] == "listening"


def sweep(lab: Lab, template: Template, ports: list[int], **more: Any) -> dict[str, Any]:
    return {
        "op": "sweep",
        "id": 7,
        "source": str(lab.vantage_address),
        "template": base64.b64encode(template.packet).decode(),
        "port_at": template.port_at,
        "token_at": template.token_at,
        "token_len": template.token_length,
        "checksum_at": template.checksum_at,
        "key": KEY.hex(),
        "salt": SALT.hex(),
        "ports": base64.b64encode(struct.pack(f"!{len(ports)}H", *ports)).decode(),
        "rate": 5000,
        **more,
    }


def heard(events: list[dict[str, Any]]) -> list[bytes]:
    return [base64.b64decode(text) for event in events if event["e"] == "heard" for _, text in event["p"]]


@contextmanager
def refusing(lab: Lab, node: str, rule: str) -> Iterator[None]:
    """A filter of the vantage's own that refuses what it sends."""
    table = f"table ip6 own {{\n chain out {{\n type filter hook output priority 0\n {rule}\n }}\n }}\n"
    commands.run(lab.argv(node, ["nft", "-f", "-"]), table)
    try:
        yield
    finally:
        commands.run(lab.argv(node, ["nft", "delete", "table", "ip6", "own"]))


def test_it_says_what_root_can_do_here(session: Session, lab: Lab) -> None:
    hello = session.hello
    assert (hello.root, hello.raw, hello.why) == (True, True, None)
    assert lab.vantage_address in hello.addresses
    routed = session.request({"op": "route", "to": str(lab.host_addresses()[0].ip)})
    assert IPv6Address(routed["source"]) == lab.vantage_address


# ---- raw packets


@pytest.mark.parametrize("build", [syn_template, udp_template])
def test_every_packet_of_a_sweep_is_answered_by_a_kernel_that_checks_it(
    session: Session, lab: Lab, target: IPv6Address, build: Callable[[Flow], Template]
) -> None:
    """RST or port unreachable for each: the checksums hold; the token comes back: it is the packet of that port."""
    source_port = ports_of(session, lab, 1)[0]
    listen(session, lab, [source_port])
    ports = [*range(1, 3001), 65_535]
    session.submit(sweep(lab, build(Flow(lab.vantage_address, target, source_port)), ports))
    events = collect(session, "swept")
    swept = events[-1]
    assert (swept["id"], swept["n"], swept["errors"], swept["failed"], swept["dropped"]) == (7, 3001, {}, [], 0)
    time.sleep(0.1)
    answers = [read_answer(packet) for packet in heard([*events, *session.receive()])]
    tokens = {answer.port: answer.token for answer in answers if answer and answer.responder == target.packed}
    assert tokens == {port: sequence_number(token_of(KEY, SALT, port)) for port in ports}
    assert len(answers) == len(ports), "each once"


def test_the_rate_is_kept_without_bursts(session: Session, lab: Lab, target: IPv6Address) -> None:
    source_port = ports_of(session, lab, 1)[0]
    arrived = []
    with capture_on(lab, "host", "lan0") as inside:
        inside.settimeout(5.0)
        inside.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)  # the kernel's time: this process may be late to read
        session.submit(
            sweep(lab, syn_template(Flow(lab.vantage_address, target, source_port)), list(range(1, 2001)), rate=2000)
        )
        while len(arrived) < 2000:
            packet, ((_, _, stamp_of_kernel),), _, _ = inside.recvmsg(100, 64)
            if packet[24:40] == target.packed and packet[40:42] == source_port.to_bytes(2, "big"):
                seconds, nanoseconds = struct.unpack("ll", stamp_of_kernel)
                arrived.append(seconds + nanoseconds / 1e9)
    swept = receive(session, "swept")
    assert 0.9 < swept["t1"] - swept["t0"] < 4
    most = max(sum(1 for at in arrived[i : i + 400] if at - arrived[i] < 0.05) for i in range(0, 2000, 50))
    assert most < 100 + 2 * 64 + 60, "a twentieth of a second holds 100 of 2,000, and some slack for a busy machine"


def test_controls_and_ready_made_probes_stand_evenly_in_the_sweep(
    session: Session, lab: Lab, target: IPv6Address
) -> None:
    source_port, control_port = ports_of(session, lab, 2)
    flow, other = Flow(lab.vantage_address, target, source_port), Flow(lab.vantage_address, target, control_port)
    controls = [udp_packet(other, 9999, b"control %d" % n) for n in range(10)]
    probes = [udp_packet(flow, 5000 + n, b"question") for n in range(40)]
    order = []
    with capture_on(lab, "host", "lan0") as inside:
        inside.settimeout(1.0)
        texts = [base64.b64encode(packet).decode() for packet in (*controls, *probes)]
        session.submit(sweep(lab, udp_template(flow), list(range(1, 101)), interleave=texts))
        while len(order) < 150:
            packet = inside.recv(200)
            if packet[6] == 17 and packet[24:40] == target.packed:
                source, port = struct.unpack_from("!HH", packet, 40)
                order.append("control" if source == control_port else "question" if port >= 5000 else "probe")
    assert receive(session, "swept")["n"] == 150
    where = [index for index, kind in enumerate(order) if kind == "control"]
    assert len(where) == 10
    assert all(13 <= b - a <= 17 for a, b in pairwise(where)), "one in fifteen"
    assert where[0] < 10
    assert where[-1] > 140
    quarters = [order[i : i + 37].count("question") for i in range(0, 148, 37)]
    assert max(quarters) - min(quarters) <= 2


def test_what_a_filter_of_the_vantage_itself_refuses_is_counted_and_named(
    session: Session, lab: Lab, target: IPv6Address
) -> None:
    """Such a port may never be called blocked: it was not asked. Ready-made probes count as their port."""
    source_port, control_port = ports_of(session, lab, 2)
    flow, other = Flow(lab.vantage_address, target, source_port), Flow(lab.vantage_address, target, control_port)
    made = [udp_packet(flow, 53, b"question"), udp_packet(flow, 5353, b"question"), udp_packet(other, 53, b"control")]
    texts = [base64.b64encode(packet).decode() for packet in made]
    with refusing(lab, "inet", "udp dport { 53, 100-199 } drop"):
        session.submit(sweep(lab, udp_template(flow), list(range(1, 301)), interleave=texts))
        swept = receive(session, "swept")
        session.submit({"op": "send", "id": 8, "source": str(lab.vantage_address), "packets": texts})
        sent = receive(session, "sent")
    assert swept["n"] == 303
    assert swept["errors"] == {"EPERM": 103}
    assert Counter(swept["failed"]) == Counter([*range(100, 200), 53, 53]), "53 was in both lists"
    assert (sent["n"], sent["errors"]) == (3, {"EPERM": 2})


def test_a_template_leaves_as_stamped_here(session: Session, lab: Lab, target: IPv6Address) -> None:
    source_port = ports_of(session, lab, 1)[0]
    template = syn_template(Flow(lab.vantage_address, target, source_port))
    with capture_on(lab, "isp1", "down1") as there:
        there.settimeout(1.0)
        session.submit(sweep(lab, template, [445]))
        packet = next(p for p in iter(lambda: there.recv(200), b"") if p[6] == 6)
    assert packet == stamp(template, 445, token_of(KEY, SALT, 445))


def test_cancelling_stops_a_sweep_at_once(session: Session, lab: Lab, target: IPv6Address) -> None:
    source_port = ports_of(session, lab, 1)[0]
    listen(session, lab, [source_port])
    session.submit(
        sweep(lab, syn_template(Flow(lab.vantage_address, target, source_port)), list(range(1, 60_001)), rate=2000)
    )
    receive(session, "heard")
    session.submit({"op": "cancel"})
    session.request({"op": "ping"})
    time.sleep(0.1)
    session.receive()
    time.sleep(0.4)
    assert session.receive() == [], "neither answers nor the end of a sweep"
    session.submit(sweep(lab, syn_template(Flow(lab.vantage_address, target, source_port)), [9], id=9))
    assert receive(session, "swept")["id"] == 9


def test_listening_again_replaces_the_filter(session: Session, lab: Lab, target: IPv6Address) -> None:
    first, second = ports_of(session, lab, 2)
    listen(session, lab, [first])
    listen(session, lab, [second])
    for port in (first, second):
        session.submit(sweep(lab, syn_template(Flow(lab.vantage_address, target, port)), [1, 2, 3]))
    time.sleep(0.2)
    answers = [read_answer(packet) for packet in heard(session.receive())]
    assert {answer.source_port for answer in answers if answer} == {second}
    assert len(answers) == 3


def test_a_source_that_is_not_ours_is_an_error_and_not_a_packet(
    session: Session, lab: Lab, target: IPv6Address
) -> None:
    elsewhere = IPv6Address("2001:db8:bad::1")
    command = sweep(lab, syn_template(Flow(elsewhere, target, 40_000)), [1], source=str(elsewhere))
    session.submit(command)
    assert until_error(session) == (7, "sweep", "Cannot assign requested address")
    session.submit({"op": "send", "id": 8, "source": str(lab.vantage_address), "packets": ["YWJj"]})
    assert until_error(session)[:2] == (8, "send")
    assert session.request({"op": "ping"})["e"] == "pong"


def until_error(session: Session) -> tuple[Any, ...]:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        for event in session.receive():
            if event["e"] == "error":
                return event["id"], event["op"], event["error"]
        time.sleep(0.01)
    raise AssertionError("no error")


# ---- without privilege


def connect(session: Session, lab: Lab, ports: list[int], **more: Any) -> dict[int, dict[str, Any]]:
    command = {
        "op": "connect",
        "id": 5,
        "source": str(lab.vantage_address),
        "port": ports_of(session, lab, 1)[0],
        "address": str(lab.host_addresses()[0].ip),
        "ports": ports,
        "timeout": 0.6,
        **more,
    }
    session.submit(command)
    return {event["port"]: event for event in collect(session, "done") if event["e"] == "connected"}


def udp(session: Session, lab: Lab, ports: list[int], **more: Any) -> list[dict[str, Any]]:
    command = {
        "op": "udp",
        "id": 6,
        "port": ports_of(session, lab, 1)[0],
        "address": str(lab.host_addresses()[0].ip),
        "ports": ports,
        "key": KEY.hex(),
        "salt": SALT.hex(),
        "wait": 0.3,
    }
    session.submit({**command, **more})
    return collect(session, "done")


def test_root_without_capabilities_is_told_apart(plain: Session) -> None:
    assert plain.hello.root
    assert plain.hello.why == "Operation not permitted though the login is root (a container without CAP_NET_RAW?)"


def test_connect_tells_answers_from_silence(plain: Session, lab: Lab) -> None:
    lab.apply(stateful())
    lab.listen(tcp="22")
    states = {port: event["state"] for port, event in connect(plain, lab, [22, 80, 445]).items()}
    assert states == {22: "open", 80: "refused", 445: "timeout"}


def test_connect_names_the_router_that_rejects(plain: Session, lab: Lab) -> None:
    lab.apply(reject_admin())
    events = connect(plain, lab, [445, 139])
    for event in events.values():
        assert (event["state"], event["error"]) == ("prohibited", "EACCES")
        assert (event["type"], event["code"]) == (1, 1)
        assert IPv6Address(event["address"]) in (CPE_OUTSIDE, LAN_ROUTER)


def test_a_filter_of_the_vantage_itself_makes_no_prohibited_port(plain: Session, lab: Lab) -> None:
    """What it rejects has failed; of what it drops connect() knows nothing, as of any drop further on."""
    with refusing(lab, "inet", "tcp dport 445 reject with icmpv6 type admin-prohibited\n tcp dport 139 drop"):
        events = connect(plain, lab, [445, 139])
    assert (events[445]["state"], events[445]["error"]) == ("failed", "EACCES")
    assert IPv6Address(events[445]["address"]) == lab.vantage_address
    assert events[139]["state"] == "timeout"


def test_without_a_way_nothing_is_called_an_answer(plain: Session, lab: Lab) -> None:
    events = connect(plain, lab, [22, 443], address="fd00:dead::1")
    # The first hop has no way there and says so; that is an answer of the network, with its sender.
    assert {event["state"] for event in events.values()} <= {"unreachable", "timeout"}
    commands.run(["ip", "-n", lab.node("inet"), "-6", "route", "add", "unreachable", "fd00:dead::/64"])
    try:
        events = connect(plain, lab, [22, 443], address="fd00:dead::1")
        assert [event["state"] for event in events.values()] == ["failed", "failed"]
        assert all(event["error"] == "EHOSTUNREACH" for event in events.values())
        assert plain.request({"op": "route", "to": "fd00:dead::1"})["error"] == "No route to host"
        *rest, done = udp(plain, lab, [53, 123], address="fd00:dead::1")
        assert done["failed"] == [53, 123]
        assert next(event for event in rest if event["e"] == "sent")["errors"] == {"EHOSTUNREACH": 2}
    finally:
        commands.run(["ip", "-n", lab.node("inet"), "-6", "route", "del", "unreachable", "fd00:dead::/64"])


def test_few_file_descriptors_and_a_silent_target(lab: Lab) -> None:
    """Each port waits for its full time, a few at once; none is called failed."""
    lab.apply(stateful_none())
    few = ("sh", "-c", 'ulimit -n 30; exec "$@"', "sh")
    session = open_session(ExecSpec(("ip", "netns", "exec", lab.node("inet"), *few, *WITHOUT_CAPABILITIES)))
    try:
        events = connect(session, lab, list(range(1, 41)), timeout=0.3, parallel=1500, rate=1e5)
    finally:
        session.close()
    assert Counter(event["state"] for event in events.values()) == {"timeout": 40}


def test_udp_names_who_refused(plain: Session, lab: Lab) -> None:
    lab.listen(udp="53")
    target = lab.host_addresses()[0].ip
    events = udp(plain, lab, [53, 9, 10])
    assert [(e["port"], IPv6Address(e["address"])) for e in events if e.get("kind") == "answer"] == [(53, target)]
    refused = {e["port"]: (e["type"], e["code"], IPv6Address(e["address"])) for e in events if e.get("kind") == "icmp"}
    assert refused == {9: (1, 4, target), 10: (1, 4, target)}
    lab.apply(reject_admin())
    events = udp(plain, lab, [7, 8])
    prohibited = {
        e["port"]: (e["type"], e["code"], IPv6Address(e["address"])) for e in events if e.get("kind") == "icmp"
    }
    assert prohibited.keys() == {7, 8}
    assert all(row[:2] == (1, 1) and row[2] in (CPE_OUTSIDE, LAN_ROUTER) for row in prohibited.values())


def test_udp_that_a_filter_of_the_vantage_refuses_has_failed(plain: Session, lab: Lab) -> None:
    with refusing(lab, "inet", "udp dport 500 drop\n udp dport 501 reject with icmpv6 type admin-prohibited"):
        *rest, done = udp(plain, lab, [499, 500, 501])
    assert done["failed"] == [500, 501]
    sent = next(event for event in rest if event["e"] == "sent")
    assert (sent["n"], sent["errors"]) == (3, {"EPERM": 2})
    assert {event["port"] for event in rest if event["e"] == "udp"} == {499}, "its own filter is nobody's answer"
