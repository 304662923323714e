"""RFC 6092, recommendation by recommendation: what was seen becomes a judgement. One table at the end. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from scanner.batteries.simple_security.acts import TOLD_OF_NOTHING, UNSOLICITED
from scanner.batteries.simple_security.facts import (
    Facts,
    Judgement,
    any_error,
    conforms,
    errors_pass,
    lets_in,
    lives,
    opened,
    passes,
    survives,
    untestable,
    violates,
    worst,
)
from scanner.batteries.simple_security.gate import DHCP, DNS, MANAGEMENT, TCP, UDP, silent
from scanner.model.text import commas, say

RESET, ACCEPTED = 0x04, 0x12
PROHIBITED = (1, 1)  # ICMPv6 type and code


# ---- what must not leave, and what no router forwards


def stays_in(facts: Facts, *names: str) -> Judgement:
    """Source addresses that end at the home's edge."""
    out = [name for name in names if facts.arrived(name)]
    if out:
        return violates(
            say("the vantage received what the host sent under such an address"),
            say("programs at home can pretend to be others, and what is private leaks out"),
        )
    if facts.doubt:
        return untestable(facts.doubt)
    if not all(name in facts.seen.left for name in names):
        return untestable(say("the host could not send it: its own kernel or firewall kept it from leaving"))
    return conforms(
        say("it left the host and did not come out, while the same from the host's own address did"),
        say("a provider that drops foreign source addresses (BCP 38) would look the same"),
    )


def routing_header(facts: Facts) -> Judgement:
    ways = [name for name in ("rh0.in.0", "rh0.in.1", "rh0.out") if facts.arrived(name)]
    if ways:
        return violates(
            say("routing header 0 passed the router ({ways})", ways=commas(ways)),
            say("packets can be made to bounce between routers (RFC 5095)"),
        )
    if facts.doubt:
        return untestable(facts.doubt)
    if not facts.arrived("rh0.plain"):
        return untestable(say("the flow it was sent on did not work without it either"))
    if not facts.reached("rh0"):
        return untestable(say("no packet with it was seen to get as far as the router: it may end before"))
    return conforms(say("it got as far as the router on a flow whose other packets arrived, and did not arrive"))


# ---- the router's own services


def unserved(facts: Facts, *services: tuple[str, int]) -> Judgement:
    """Nobody answers at the router's own outer address."""
    if facts.gate is None or facts.gate.address is None:
        return untestable(facts.doubt or say("the home router's outer address did not show on the path"))
    open_ones = [service for service in services if answered(facts, *service)]
    address = facts.gate.address
    if open_ones:
        ports = commas([f"{protocol}/{port}" for protocol, port in open_ones])
        return violates(
            say("the router answers strangers at {address}: {ports}", address=address, ports=ports),
            say("whoever finds a flaw in that service owns the router"),
        )
    if facts.doubt:
        return untestable(facts.doubt)
    unknown = [f"{protocol}/{port}" for protocol, port in services if not proven_silent(facts, protocol, port)]
    if unknown:
        why = say("silent, and not seen to get as far as the router: {ports}", ports=commas(unknown))
        return untestable(why)
    return conforms(say("no answer but refusals at {address}, the router's address on the path", address=address))


def names_of(protocol: str, port: int) -> list[str]:
    """The shots at a service."""
    return [f"service.{protocol}.{port}"] + [f"service.udp.{DHCP}.relayed"] * (port == DHCP)


def answered(facts: Facts, protocol: str, port: int) -> bool:
    """By a datagram, or by a SYN-ACK: a reset refuses."""
    flags = [facts.about.replied[name] for name in names_of(protocol, port) if name in facts.about.replied]
    return any(protocol == UDP or flag & ACCEPTED == ACCEPTED for flag in flags)


def proven_silent(facts: Facts, protocol: str, port: int) -> bool:
    """Refused, or the same kind of packet was seen to reach the router."""
    refused = any(not silent(facts.about, name) for name in names_of(protocol, port))
    return refused or facts.reached(f"{protocol}.{port}")


# ---- filtering


def bogus_errors(facts: Facts) -> Judgement:
    came = [f"{kind}/{code}" for kind, code in TOLD_OF_NOTHING if facts.arrived(f"bogus.{kind}.{code}")]
    if came:
        return violates(
            say("errors about a flow that never was arrived: {errors}", errors=commas(came)),
            say("strangers can reach the host with them and disturb what they guess right"),
        )
    if facts.doubt:
        return untestable(facts.doubt)
    if not all(any_error(facts)):
        return untestable(say("errors about live flows do not arrive either, so nothing tells who stops these"))
    return conforms(say("errors about a flow that never was did not arrive, those about live flows did"))


def filtering(facts: Facts, protocol: str, reply: str, unsolicited: str) -> Judgement:
    """Endpoint-independent or address-dependent: both conform; only the very same port is stricter than either."""
    name = f"{protocol}.shared" if protocol in ("udp", "tcp") else protocol
    base = passes(facts, (reply,), f"{name}.open", protocol, say("the host's own flows do not work"))
    if base.result != "conforms":
        return base
    if facts.arrived(unsolicited):
        return untestable(say("the router lets in what nobody asked for: there is no filter to be judged"))
    other = f"{protocol}.other"
    if facts.arrived(f"{other}.address"):
        return conforms(say("anybody may answer a port that the host has used: endpoint-independent filtering"))
    if facts.arrived(f"{other}.port"):
        behaviour = say("address-dependent filtering") if facts.second else say("address-dependent or independent")
        return conforms(say("another port of the same address may answer: {behaviour}", behaviour=behaviour))
    if facts.doubt:
        return untestable(facts.doubt)
    return violates(
        say("only the very address and port that the host has spoken to may answer"),
        say("calls, games and peer-to-peer programs that meet through a third party fail"),
    )


def unknown_protocol(facts: Facts) -> Judgement:
    if facts.arrived("unsolicited.unknown"):
        return untestable(say("the router lets in unknown protocols unasked: there is no filter to be judged"))
    harm = say("nothing but the protocols that the router knows can be used")
    base = passes(facts, ("unknown.reply",), "unknown.open", "unknown", harm)
    if base.result != "conforms":
        return base
    if facts.arrived("unknown.other.address"):
        return conforms(say("anybody may answer a protocol that the host has used: endpoint-independent filtering"))
    return conforms(say("the address that the host has spoken to may answer, in a protocol that no router knows"))


# name of the act (acts.refreshing) -> the flow that shows that a state lives as long as this one was left alone
REFRESHES = {"least": "idle.udp", "default": "idle.udp.default"}


def refreshed(facts: Facts) -> Judgement:
    problem = opened(facts, "refresh.least.open") or facts.doubt
    if problem:
        return untestable(problem)
    for name, lived in REFRESHES.items():
        again = facts.arrived(f"refresh.{name}.again", f"refresh.{name}.fresh")
        if again and facts.arrived(lived) and not facts.arrived(f"refresh.{name}.kept"):
            return violates(
                say("a flow died though the host had refreshed it in time"),
                say("long calls and tunnels break however much is said on them"),
            )
    if any(facts.arrived(f"refresh.{n}.kept") and not facts.arrived(f"refresh.{n}.left") for n in REFRESHES):
        return conforms(say("a flow that the host refreshed lived on, one of the same age died"))
    if facts.arrived("refresh.least.left"):
        return untestable(say("a flow that the host did not refresh lived as long: the state outlives the test"))
    return untestable(say("states die faster than they were refreshed here"))


def short_lived(facts: Facts) -> Judgement:
    """REC-15 permits less than two minutes; what the service needs is the least."""
    if facts.arrived("idle.udp.low"):
        return conforms(say("an answer after {seconds} s arrived", seconds=facts.timing.short))
    if "idle.udp.low.open" not in facts.seen.sent and not facts.doubt:
        return untestable(say("no port below 1024 could be held on this host"))
    return lives(facts, "udp.low", facts.timing.short, say("a flow with a port below 1024"), "udp.reply")


def udp_state(facts: Facts) -> Judgement:
    least = lives(facts, "udp", facts.timing.udp, say("a UDP flow"), "udp.reply")
    longer = facts.arrived("idle.udp.default")
    if least.result != "conforms" or longer:
        return least
    return conforms(least.evidence, say("it does not live for the five minutes that are the default"))


def udp_lite(facts: Facts) -> Judgement:
    if facts.arrived("lite.udp") and not facts.arrived("unsolicited.udp"):
        return violates(
            say("UDP came in on the ports of a UDP-Lite flow"), say("the router takes the two for one protocol")
        )
    return passes(facts, ("lite.reply",), "lite.open", "lite", say("UDP-Lite is not treated as UDP is"))


# ---- connections


def tcp_sequences(facts: Facts) -> Judgement:
    harm = say("programs that open from both sides at once fail, or connections do")
    normal = passes(facts, ("tcp.accept", "tcp.data"), "tcp.open", "tcp", harm)
    crossing = passes(facts, ("crossing.syn", "crossing.accepted", "crossing.data"), "crossing.open", "tcp", harm)
    told = worst([normal, crossing])
    if told.result != "conforms":
        return told
    return conforms(say("the usual opening and one from both sides at once passed"))


def late_window(facts: Facts) -> Judgement:
    problem = opened(facts, "late.open")
    if problem:
        return untestable(problem)
    if facts.arrived("late.far"):
        return conforms(say("in a connection whose opening the router did not see, data beyond the window arrived"))
    if facts.doubt:
        return untestable(facts.doubt)
    if not facts.arrived("late.near"):
        return untestable(say("the router takes up no connection whose opening it did not see"))
    return violates(
        say("in a connection whose opening the router did not see, data beyond the unscaled window did not arrive"),
        say("after a restart of the router open connections stall"),
    )


def rejected(facts: Facts, protocol: str) -> Judgement:
    """ICMPv6 1/1, no earlier than six seconds after the opening."""
    names = [f"unsolicited.{protocol}.{number}" for number in range(UNSOLICITED)]
    if any(facts.arrived(name) for name in names):
        return untestable(say("the router lets it in: there is nothing to reject"))
    told = [error for name in names for error in facts.seen.told.get(name, ())]
    told_when = [error for error in told if error.delay is not None]
    wait = facts.timing.reject_after
    if any(facts.seen.replied.get(name, 0) & RESET for name in names):
        return violates(say("a reset came back"), say("the standard asks for ICMPv6 administratively prohibited"))
    if told_when:
        return when_rejected([(e.kind, e.code, e.delay or 0.0) for e in told_when], wait)
    if facts.doubt:
        return untestable(facts.doubt)
    if not facts.reached(protocol):
        return untestable(say("no such opening was seen to get as far as the router: it may end before"))
    return violates(
        say("no answer within {seconds} s", seconds=facts.timing.reject_until),
        say("who is refused waits for minutes instead of being told; many think that safer"),
    )


def when_rejected(errors: list[tuple[int, int, float]], wait: float) -> Judgement:
    kind, code, delay = min(errors, key=lambda error: error[2])
    evidence = say("ICMPv6 {kind}/{code} came {delay} s after the opening", kind=kind, code=code, delay=round(delay, 2))
    if (kind, code) != PROHIBITED:
        return violates(evidence, say("the standard asks for ICMPv6 1/1, administratively prohibited"))
    if delay < wait:
        return violates(evidence, say("earlier than {wait} s it ends openings from both sides at once", wait=wait))
    return conforms(evidence)


def tcp_states(facts: Facts) -> Judgement:
    timing = facts.timing
    return worst(
        [
            lives(facts, "tcp.opening", timing.tcp_transitory, say("a half-open TCP connection"), "tcp.accept"),
            lives(facts, "tcp.closing", timing.tcp_transitory, say("a half-closed TCP connection"), "tcp.data"),
            lives(facts, "tcp.established", timing.tcp_established, say("a TCP connection"), "tcp.data"),
        ]
    )


def sctp_sequences(facts: Facts) -> Judgement:
    harm = say("SCTP associations cannot be opened")
    normal = passes(facts, ("sctp.accept", "sctp.ack"), "sctp.open", "sctp", harm)
    crossing = passes(facts, ("sctp.crossing.init",), "sctp.crossing.open", "sctp", harm)
    return worst([normal, crossing])


def transitory(facts: Facts, protocol: str, opening: float, established: float) -> Judgement:
    name = protocol.upper()
    half, whole = say("a half-open {name} connection", name=name), say("a {name} connection", name=name)
    return worst(
        [
            lives(facts, f"{protocol}.opening", opening, half, f"{protocol}.accept"),
            lives(facts, f"{protocol}.established", established, whole, f"{protocol}.after"),
        ]
    )


def sctp_states(facts: Facts) -> Judgement:
    return transitory(facts, "sctp", facts.timing.sctp_transitory, facts.timing.sctp_established)


def dccp_states(facts: Facts) -> Judgement:
    return transitory(facts, "dccp", facts.timing.dccp_transitory, facts.timing.dccp_established)


def transparent(facts: Facts) -> Judgement:
    if facts.arrived("unsolicited.udp", "unsolicited.unknown", "unsolicited.tcp.0"):
        return conforms(say("the router is in transparent mode: it lets in what nobody asked for"))
    return untestable(say("the router filters; whether that can be switched off is for its owner to see"))


NO_IPSEC = say("IPsec does not work without a rule of the owner's; stricter than the standard, and often wanted")
NO_HIP = say("HIP does not work without a rule of the owner's; stricter than the standard, and often wanted")

JUDGES: dict[int, Callable[[Facts], Judgement]] = {
    3: lambda facts: stays_in(facts, "source.site", "source.orchid"),
    4: routing_header,
    5: lambda facts: stays_in(facts, "source.foreign"),
    7: lambda facts: stays_in(facts, "source.local"),
    8: lambda facts: unserved(facts, (UDP, DNS), (TCP, DNS)),
    9: lambda facts: unserved(facts, (UDP, DHCP)),
    10: bogus_errors,
    11: unknown_protocol,
    12: lambda facts: lives(
        facts, "unknown", facts.timing.generic, say("a flow of an unknown protocol"), "unknown.reply"
    ),
    14: udp_state,
    15: short_lived,
    16: refreshed,
    17: lambda facts: filtering(facts, "udp", "udp.shared.reply", "unsolicited.udp"),
    18: partial(errors_pass, flow="udp", opening="udp.open"),
    19: partial(survives, after="udp.after", before="udp.reply", opening="udp.open"),
    20: udp_lite,
    21: partial(lets_in, name="unsolicited.ah", kind="ah", harm=NO_IPSEC),
    22: partial(lets_in, name="unsolicited.esp", kind="esp", harm=NO_IPSEC),
    23: partial(errors_pass, flow="esp", opening="esp.open"),
    24: partial(lets_in, name="unsolicited.ike", kind="ike", harm=NO_IPSEC),
    25: lambda facts: passes(
        facts, ("esp.reply",), "esp.open", "esp", say("the router tells ESP flows apart by what only their ends know")
    ),
    26: partial(lets_in, name="unsolicited.hip", kind="hip", harm=NO_HIP),
    27: lambda facts: passes(facts, ("away.reply",), "away.open", "rh2", say("mobile IPv6 does not work")),
    28: lambda facts: passes(facts, ("mobility.reply",), "mobility.open", "mobility", say("mobile IPv6 does not work")),
    30: partial(errors_pass, flow="mobility", opening="mobility.open"),
    31: tcp_sequences,
    32: late_window,
    33: lambda facts: filtering(facts, "tcp", "tcp.shared.accept", "unsolicited.tcp.0"),
    34: lambda facts: rejected(facts, "tcp"),
    35: tcp_states,
    36: partial(errors_pass, flow="tcp", opening="tcp.open"),
    37: partial(survives, after="tcp.after", before="tcp.data", opening="tcp.open"),
    38: sctp_sequences,
    39: lambda facts: rejected(facts, "sctp"),
    40: sctp_states,
    41: partial(errors_pass, flow="sctp", opening="sctp.open"),
    42: partial(survives, after="sctp.after", before="sctp.ack", opening="sctp.open"),
    43: lambda facts: passes(facts, ("dccp.accept", "dccp.data"), "dccp.open", "dccp", say("DCCP does not work")),
    44: dccp_states,
    45: partial(errors_pass, flow="dccp", opening="dccp.open"),
    46: partial(survives, after="dccp.after", before="dccp.data", opening="dccp.open"),
    47: lambda facts: passes(facts, ("shim6.reply",), "shim6.open", "shim6", say("Shim6 does not work")),
    49: transparent,
    50: lambda facts: unserved(facts, *MANAGEMENT),
}
