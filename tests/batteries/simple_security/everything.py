"""Every act of the battery, as for one host."""

import random
from ipaddress import IPv6Address
from itertools import count

from scanner.batteries.simple_security.acts import Cast, acts
from scanner.batteries.simple_security.gate import Gate, ask_router, gate_acts, search
from scanner.batteries.simple_security.script import Act, Ends, Labels, Shot
from scanner.batteries.simple_security.seen import Seen
from scanner.batteries.simple_security.timing import SLOW

HOST, VANTAGE, SECOND = (IPv6Address(f"2001:db8:{net}") for net in ("a::10", "f::2", "f::3"))
ROUTER = IPv6Address("2001:db8:2c::2")


def ends(second: IPv6Address | None = SECOND) -> Ends:
    ports = count(40_000)
    return Ends(HOST, VANTAGE, 50_001, 50_002, second, lambda: next(ports), 1023)


def cast(second: IPv6Address | None = SECOND) -> Cast:
    return Cast(ends(second), Labels(77), random.Random(1))


def every_act(second: IPv6Address | None = SECOND) -> list[Act]:
    one = cast(second)
    gate = gate_acts(one, Gate(3, ROUTER), Seen(), SLOW)
    return [search(one), *acts(one, SLOW), ask_router(one, 3), *gate]


def shots_of(act: Act) -> list[Shot]:
    return [shot for step in act.steps for shot in (step.when() if step.when else step.shots)]


def named_shots() -> dict[str, Shot]:
    return {shot.name: shot for act in every_act() for shot in shots_of(act)}
