"""What is said about one of the host's addresses, question by question. The names of the shots are what the judges
(judge.py and its neighbours) ask for. Pure.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import IPv6Address

from scanner.batteries.simple_security.script import Act, Ends, Flow, Labels, Shot, Side, Step, steps
from scanner.batteries.simple_security.timing import Timing
from scanner.probes.cases import gateway
from scanner.probes.cases.gateway import Way

Build = Callable[[Way], bytes]
THEIRS = 50_000  # what a vantage's numbers are ahead of the inside's, script.Flow
BESIDE = 1_000_000  # bytes that no unscaled window reaches
ERRORS = ((1, 0), (1, 1), (1, 3), (1, 4), (2, 0), (3, 0), (4, 1))  # ICMPv6 (type, code)
TOLD_OF_NOTHING = ((1, 0), (1, 4), (2, 0))
CONTROL_ROUNDS, CONTROLS = 6, 4
SPIS = (0x00A1_0001, 0x00B2_0002, 0x00C3_0003)
AGAIN, RESTS = 0.9, 0.95  # of the time for which a state must live: REC-16
UNSOLICITED = 3  # SYNs and INITs whose rejection is awaited

udp, tcp, sctp, dccp, opaque, esp = (
    gateway.udp,
    gateway.tcp,
    gateway.sctp,
    gateway.dccp,
    gateway.opaque,
    gateway.esp,
)


class Cast:
    """Makes the flows of one address's acts."""

    def __init__(self, ends: Ends, labels: Labels, draw: random.Random) -> None:
        self.ends, self.labels, self.draw = ends, labels, draw

    def flow(self, inside_port: int | None = None, vantage: IPv6Address | None = None, port: int | None = None) -> Flow:
        """A flow of its own: a fresh port of the host, unless one is given."""
        return Flow(
            self.ends,
            self.labels,
            self.ends.ports() if inside_port is None else inside_port,
            vantage or self.ends.vantage,
            port or self.ends.port,
            self.draw.randrange(1 << 20, 1 << 30),
        )

    def portless(self) -> Flow:
        """A flow of a protocol that has no ports."""
        return self.flow(inside_port=0, vantage=self.ends.peer)

    def beside(self, flow: Flow) -> list[tuple[str, Flow]]:
        """The same inside port from another port of the vantage, and from another address where there is one."""
        others = [("port", self.flow(flow.inside_port, port=self.ends.other_port))]
        if self.ends.second is not None:
            others.append(("address", self.flow(flow.inside_port, self.ends.second)))
        return others

    def forged(self, name: str, source: IPv6Address) -> Shot:
        """From the inside, under a source address that is not its own."""
        return self.flow().out(name, udp, source=source)


def acts(cast: Cast, timing: Timing) -> tuple[Act, ...]:
    """Everything that is said about one address; what takes longest begins first."""
    return (
        controls(cast, timing),
        *unsolicited(cast, timing),
        *idle(cast, timing),
        sources(cast),
        *datagrams(cast),
        *ipsec_and_mobility(cast),
        *connections(cast),
    )


def controls(cast: Cast, timing: Timing) -> Act:
    """Answers on a flow that the inside opened and keeps open: what must pass shows how much is lost."""
    flow = cast.flow()
    rounds = [
        Step(
            (
                flow.out(f"control.open.{turn}", udp),
                *(Shot(s.name, s.side, s.packet, tries=1) for s in answers(flow, turn)),
            ),
            after=timing.control_every if turn else 0.0,
        )
        for turn in range(CONTROL_ROUNDS)
    ]
    first = Step((flow.out("control.open", udp),))
    second = []
    if cast.ends.second is not None:
        other = cast.flow(vantage=cast.ends.second)
        second = [*steps([other.out("second.open", udp)], [other.back("second.reply", udp)])]
    return Act("answers on a UDP flow that the host opens", (first, *second, *rounds))


def answers(flow: Flow, turn: int) -> list[Shot]:
    return [flow.back(f"control.reply.{turn}.{number}", udp) for number in range(CONTROLS)]


def unsolicited(cast: Cast, timing: Timing) -> Iterator[Act]:
    """What nobody inside has asked for: never on a port that anything else uses."""
    wait = Step(after=timing.reject_until)
    for name, build in (("tcp", partial(tcp, flags="S")), ("sctp", partial(sctp, chunk="init", tag=0))):
        shots = [cast.flow().back(f"unsolicited.{name}.{number}", build) for number in range(UNSOLICITED)]
        single = [Step((Shot(shot.name, shot.side, shot.packet, tries=1),), after=timing.error_every) for shot in shots]
        yield Act(f"{name.upper()} openings that nobody asked for", (*single, wait))
    yield Act(
        "UDP, AH, IKE and HIP that nobody asked for",
        steps(
            [
                cast.flow().back("unsolicited.udp", udp),
                cast.flow().back("unsolicited.ah", gateway.authenticated),
                cast.flow(inside_port=gateway.IKE).back("unsolicited.ike", gateway.ike),
                cast.flow().back("unsolicited.hip", gateway.hip),
            ]
        ),
    )
    invented = cast.flow()
    quote = invented.out("", udp).packet
    yield Act(
        "ICMPv6 errors about a flow that never was",
        steps([tell(invented, f"bogus.{kind}.{code}", kind, code, quote) for kind, code in TOLD_OF_NOTHING]),
    )


def sources(cast: Cast) -> Act:
    """Source addresses that must not leave the home. Whoever wonders about one is the vantage itself, or nobody."""
    ends, draw = cast.ends, cast.draw
    low = draw.getrandbits(64)
    foreign = ends.second or IPv6Address(int(ends.vantage) >> 64 << 64 | low)
    return Act(
        "UDP with source addresses that are not the home's",
        steps(
            [
                cast.forged("source.foreign", foreign),
                cast.forged("source.local", IPv6Address((0xFD << 120) | draw.getrandbits(112))),
                cast.forged("source.site", IPv6Address((0xFEC0 << 112) | low)),
                cast.forged("source.orchid", IPv6Address((0x2001_0010 << 96) | low)),
            ]
        ),
    )


def tell(flow: Flow, name: str, kind: int, code: int, about: bytes) -> Shot:
    """An ICMPv6 error from the flow's far end."""
    return flow.back(name, partial(gateway.error, kind=kind, code=code, about=about))


def tells(flow: Flow, name: str, about: Shot) -> list[Shot]:
    """Every kind of error about a packet that the host really sent."""
    return [tell(flow, f"{name}.error.{kind}.{code}", kind, code, about.packet) for kind, code in ERRORS]


def datagrams(cast: Cast) -> Iterator[Act]:
    flow = cast.flow()
    said = flow.out("udp.open", udp)
    yield Act(
        "UDP: an answer, errors about it, another answer",
        steps([said], [flow.back("udp.reply", udp)], tells(flow, "udp", said), [flow.back("udp.after", udp)]),
    )
    shared = cast.flow()
    others = [other.back(f"udp.other.{name}", udp) for name, other in cast.beside(shared)]
    yield Act(
        "UDP: answers from another port and address than was asked",
        steps([shared.out("udp.shared.open", udp)], [shared.back("udp.shared.reply", udp)], others),
    )
    lite = cast.flow()
    yield Act(
        "UDP-Lite, and UDP on its ports",
        steps(
            [lite.out("lite.open", gateway.udp_lite)],
            [lite.back("lite.reply", gateway.udp_lite)],
            [lite.back("lite.udp", udp)],
        ),
    )
    yield from unknown(cast)
    shim = cast.flow()
    yield Act("Shim6", steps([shim.out("shim6.open", gateway.shim6)], [shim.back("shim6.reply", gateway.shim6)]))
    zero = cast.flow()
    yield Act(
        "routing header 0 on a flow that the host opened",
        steps(
            [zero.out("rh0.open", udp)],
            [zero.back("rh0.plain", udp)],
            [
                zero.back("rh0.in.0", gateway.routing_zero),
                zero.back("rh0.in.1", partial(gateway.routing_zero, left=1)),
                zero.out("rh0.out", gateway.routing_zero),
            ],
        ),
    )


def unknown(cast: Cast) -> Iterator[Act]:
    """An upper-layer protocol that no router knows: unasked, asked, and from elsewhere."""
    build = partial(opaque, protocol=cast.ends.unknown[0])
    unasked, flow = cast.flow(inside_port=0), cast.portless()
    elsewhere = [unasked.back("unknown.other.address", build)] if cast.ends.second else []
    yield Act(
        "an unknown upper-layer protocol",
        steps(
            [unasked.back("unsolicited.unknown", build)],
            [flow.out("unknown.open", build)],
            [flow.back("unknown.reply", build)],
            elsewhere,
        ),
    )


def ipsec_and_mobility(cast: Cast) -> Iterator[Act]:
    unasked, tunnel = cast.flow(inside_port=0), cast.portless()
    said = tunnel.out("esp.open", partial(esp, spi=SPIS[1]))
    yield Act(
        "ESP: unasked, then an answer with another SPI, errors",
        steps(
            [unasked.back("unsolicited.esp", partial(esp, spi=SPIS[0]))],
            [said],
            [tunnel.back("esp.reply", partial(esp, spi=SPIS[2])), *tells(tunnel, "esp", said)],
        ),
    )
    mobile = cast.portless()
    init = mobile.out("mobility.open", gateway.mobility)
    test = partial(gateway.mobility, test=True)
    yield Act(
        "a mobility header, its answer, errors",
        steps([init], [mobile.back("mobility.reply", test)], tells(mobile, "mobility", init)),
    )
    away = cast.flow()
    home = IPv6Address(int(cast.ends.vantage) >> 64 << 64 | cast.draw.getrandbits(64))
    yield Act(
        "UDP of a mobile node that is away",
        steps(
            [away.out("away.open", partial(gateway.from_home, home=home))],
            [away.back("away.reply", partial(gateway.routing_home, home=home))],
        ),
    )


def handshake(flow: Flow, name: str) -> list[list[Shot]]:
    """A TCP connection that the host opens."""
    theirs = flow.number + THEIRS + 1
    return [
        [flow.out(f"{name}.open", partial(tcp, flags="S"))],
        [flow.back(f"{name}.accept", partial(tcp, flags="SA", acknowledged=flow.number + 1))],
        [flow.out(f"{name}.ack", partial(tcp, flags="A", acknowledged=theirs, offset=1))],
    ]


def data(flow: Flow, name: str, offset: int = 1) -> Shot:
    """Eight bytes from the vantage in an open connection."""
    return flow.back(name, partial(tcp, flags="PA", acknowledged=flow.number + 1, offset=offset, size=8))


def connections(cast: Cast) -> Iterator[Act]:
    yield from tcp_acts(cast)
    yield from sctp_acts(cast)
    flow = cast.flow()
    request = flow.out("dccp.open", partial(dccp, kind=gateway.DCCP_REQUEST))
    yield Act(
        "DCCP: opening, data, errors, data",
        steps(
            [request],
            [flow.back("dccp.accept", partial(dccp, kind=gateway.DCCP_RESPONSE, acknowledged=flow.number))],
            [dccp_out(flow, "dccp.ack")],
            [dccp_back(flow, "dccp.data", 1)],
            tells(flow, "dccp", request),
            [dccp_back(flow, "dccp.after", 2)],
        ),
    )


def tcp_acts(cast: Cast) -> Iterator[Act]:
    flow = cast.flow()
    opening = handshake(flow, "tcp")
    yield Act(
        "TCP: opening, data, errors, data",
        steps(*opening, [data(flow, "tcp.data")], tells(flow, "tcp", opening[0][0]), [data(flow, "tcp.after", 9)]),
    )
    crossing = cast.flow()
    theirs = crossing.number + THEIRS + 1
    accept = partial(tcp, flags="SA", acknowledged=theirs)
    yield Act(
        "TCP: both sides open at once",
        steps(
            [crossing.out("crossing.open", partial(tcp, flags="S"))],
            [crossing.back("crossing.syn", partial(tcp, flags="S"))],
            [crossing.out("crossing.accept", accept)],
            [crossing.back("crossing.accepted", partial(tcp, flags="SA", acknowledged=crossing.number + 1))],
            [data(crossing, "crossing.data")],
        ),
    )
    shared = cast.flow()
    others = [other.back(f"tcp.other.{name}", partial(tcp, flags="S")) for name, other in cast.beside(shared)]
    yield Act("TCP: openings from another port and address", steps(*handshake(shared, "tcp.shared"), others))
    late = cast.flow()
    yield Act(
        "TCP whose opening the router did not see",
        steps(
            [late.out("late.open", partial(tcp, flags="PA", acknowledged=late.number + THEIRS, size=8))],
            [late.back("late.near", partial(tcp, flags="A", acknowledged=late.number + 8))],
            [late.back("late.far", partial(tcp, flags="PA", acknowledged=late.number + 8, offset=BESIDE, size=8))],
        ),
    )


def sctp_handshake(flow: Flow, name: str) -> list[list[Shot]]:
    """RFC 9260 section 5.1; each side's tag is its flow number."""
    ours, theirs = flow.number, flow.number + THEIRS
    return [
        [flow.out(f"{name}.open", partial(sctp, chunk="init", tag=0))],
        [flow.back(f"{name}.accept", partial(sctp, chunk="init-ack", tag=ours))],
        [flow.out(f"{name}.echo", partial(sctp, chunk="cookie-echo", tag=theirs))],
        [flow.back(f"{name}.ack", partial(sctp, chunk="cookie-ack", tag=ours))],
    ]


def sctp_acts(cast: Cast) -> Iterator[Act]:
    flow = cast.flow()
    opening = sctp_handshake(flow, "sctp")
    after = flow.back("sctp.after", partial(sctp, chunk="data", tag=flow.number))
    yield Act("SCTP: opening, errors, data", steps(*opening, tells(flow, "sctp", opening[0][0]), [after]))
    crossing = cast.flow()
    yield Act(
        "SCTP: both sides open at once",
        steps(
            [crossing.out("sctp.crossing.open", partial(sctp, chunk="init", tag=0))],
            [crossing.back("sctp.crossing.init", partial(sctp, chunk="init", tag=0))],
        ),
    )


def dccp_out(flow: Flow, name: str) -> Shot:
    return flow.out(name, partial(dccp, kind=gateway.DCCP_ACK, offset=1, acknowledged=flow.number + THEIRS))


def dccp_back(flow: Flow, name: str, offset: int) -> Shot:
    return flow.back(name, partial(dccp, kind=gateway.DCCP_DATA_ACK, offset=offset, acknowledged=flow.number + 1))


# ---- states that are left alone


def idle(cast: Cast, timing: Timing) -> Iterator[Act]:
    """One flow for each time that is waited: an answer would begin it anew."""
    yield from idle_datagrams(cast, timing)
    flow = cast.flow()
    yield rest(cast, "tcp.established", timing.idle(timing.tcp_established), handshake(flow, "*"), data(flow, "*"))
    flow = cast.flow()
    accept = flow.back("*", partial(tcp, flags="SA", acknowledged=flow.number + 1))
    yield rest(cast, "tcp.opening", timing.idle(timing.tcp_transitory), handshake(flow, "*")[:1], accept)
    flow = cast.flow()
    fin = flow.out("*.fin", partial(tcp, flags="FA", acknowledged=flow.number + THEIRS + 1, offset=1))
    closing = [*handshake(flow, "*"), [data(flow, "*.data")], [fin]]
    yield rest(cast, "tcp.closing", timing.idle(timing.tcp_transitory), closing, data(flow, "*", 9))
    flow = cast.flow()
    last = flow.back("*", partial(sctp, chunk="data", tag=flow.number))
    yield rest(cast, "sctp.established", timing.idle(timing.sctp_established), sctp_handshake(flow, "*"), last)
    flow = cast.flow()
    accept = flow.back("*", partial(sctp, chunk="init-ack", tag=flow.number))
    yield rest(cast, "sctp.opening", timing.idle(timing.sctp_transitory), sctp_handshake(flow, "*")[:1], accept)
    yield from idle_dccp(cast, timing)


def idle_datagrams(cast: Cast, timing: Timing) -> Iterator[Act]:
    for name, least in (("udp", timing.udp), ("udp.default", timing.udp_default)):
        flow = cast.flow()
        yield rest(cast, name, timing.idle(least), [[flow.out("*.open", udp)]], flow.back("*", udp))
    if cast.ends.low_port is not None:
        flow = cast.flow(cast.ends.low_port)
        yield rest(cast, "udp.low", timing.short, [[flow.out("*.open", udp)]], flow.back("*", udp))
    flow = cast.portless()
    build = partial(opaque, protocol=cast.ends.unknown[1])
    yield rest(cast, "unknown", timing.idle(timing.generic), [[flow.out("*.open", build)]], flow.back("*", build))
    yield from refreshing(cast, timing)


def refreshing(cast: Cast, timing: Timing) -> Iterator[Act]:
    """Two flows of one age: on one the host says something again while any state that conforms is still there, so that
    it cannot begin anew; then both are left alone for as long as such a state lives (REC-16).
    """
    least = timing.idle(timing.udp)
    for name, rests in (("least", least), ("default", timing.idle(timing.udp_default)))[: 1 + timing.slow]:
        kept, left, fresh = cast.flow(), cast.flow(), cast.flow()
        last = [("kept", kept), ("left", left), ("fresh", fresh)]
        yield Act(
            "UDP: a flow that the host refreshes, and one of the same age that it does not",
            (
                Step((kept.out(f"refresh.{name}.open", udp), left.out(f"refresh.{name}.left.open", udp))),
                Step((kept.out(f"refresh.{name}.again", udp),), after=AGAIN * least),
                Step((fresh.out(f"refresh.{name}.fresh.open", udp),), after=RESTS * rests),
                *steps([flow.back(f"refresh.{name}.{which}", udp) for which, flow in last]),
            ),
        )


def idle_dccp(cast: Cast, timing: Timing) -> Iterator[Act]:
    for name, least in (("opening", timing.dccp_transitory), ("established", timing.dccp_established)):
        flow = cast.flow()
        request = [flow.out("*.open", partial(dccp, kind=gateway.DCCP_REQUEST))]
        response = flow.back("*", partial(dccp, kind=gateway.DCCP_RESPONSE, acknowledged=flow.number))
        opening, last = [request], response
        if name == "established":
            accept = Shot("*.accept", Side.OUTSIDE, response.packet)
            opening, last = [request, [accept], [dccp_out(flow, "*.ack")]], dccp_back(flow, "*", 1)
        yield rest(cast, f"dccp.{name}", timing.idle(least), opening, last)


def rest(cast: Cast, name: str, seconds: float, opening: list[list[Shot]], last: Shot) -> Act:
    """Open, wait, and see whether what comes then still passes; beside it an answer on a flow that is quite fresh.
    ``*`` in the names of the shots is this act's.
    """
    fresh = cast.flow()
    whole = f"idle.{name}"

    def called(shot: Shot) -> Shot:
        return Shot(shot.name.replace("*", whole), shot.side, shot.packet, shot.tries)

    return Act(
        f"a state left alone: {name.replace('.', ' ')}",
        (
            *steps(*([called(shot) for shot in part] for part in opening)),
            Step((fresh.out(f"{whole}.fresh.open", udp),), after=seconds),
            *steps([called(last), fresh.back(f"{whole}.fresh", udp)]),
        ),
    )
