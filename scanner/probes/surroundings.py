"""What one vantage's measurement is given, and the small values it works with."""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Protocol

from scanner.plan import TCP
from scanner.probes.answers import Answer
from scanner.probes.controls import AnyFlow, acknowledgement_in
from scanner.probes.craft import Template
from scanner.probes.ledger import Book
from scanner.probes.pipe import Pinhole, Pipe, Witness

MOST_PASSES = 14  # a path with a limit is measured anew once the limit is known


@dataclass(frozen=True, slots=True)
class Outside:
    """What the vantage gave this run: its address, source ports for attempts, the port of control flows, round trip in
    seconds.
    """

    address: IPv6Address
    ports: tuple[int, ...]
    flow_port: int
    round_trip: float


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` probes of this stage; ``rate`` in packets a second; ``vantage`` "" where there is one."""

    stage: str
    done: int
    total: int
    rate: float
    vantage: str = ""


@dataclass(slots=True)
class Chunk:
    """Probes that go out together."""

    book: Book
    attempt: int
    ports: list[int]
    controls: range
    rate: float
    dropped: int
    flow: AnyFlow | None = None
    failed: frozenset[int] = frozenset()
    sent: int = 0
    begun: float = 0.0
    ended: float = 0.0
    done_at: float | None = None


@dataclass(slots=True)
class Surroundings:
    """What the engine is given; nothing is fetched."""

    pipe: Pipe
    witness: Witness | None
    outside: Outside
    key: bytes
    open_flows: Callable[[], tuple[tuple[AnyFlow, ...], tuple[Pinhole, ...]]]
    flow_ports: Mapping[IPv6Address, int]
    present: Callable[[], frozenset[IPv6Address]]
    payload: Callable[[int, bytes], bytes | None]
    listening: dict[tuple[IPv6Address, int], frozenset[int]]  # ports somebody listens on, by address and protocol
    progress: Callable[[Progress], None]
    interface_name: Callable[[int], str] = str
    errors_limited: bool = False  # this host limits its ICMPv6 errors (net.ipv6.icmp.ratelimit)
    home: tuple[IPv6Network, ...] = ()
    stop: Callable[[], bool] = field(default=lambda: False)
    foreign_flow_ports: Mapping[IPv6Address, frozenset[int]] = field(default_factory=dict)  # of other vantages
    arrive: Callable[[], bool] = field(default=lambda: True)  # all flow ports are asked; False: others went on before
    others_ready: Callable[[], bool] = field(default=lambda: True)  # so have all other vantages
    go_on: Callable[[], None] = field(default=lambda: None)  # flows will be opened now


@dataclass(slots=True)
class Ears:
    """Who else wants to hear what concerns no probe of the sweep."""

    neighbour: Callable[[int, bytes, bool], None] = lambda _kind, _target, _outgoing: None  # ICMPv6 135 and 136, inside
    greeting: Callable[[bytes], None] = lambda _packet: None  # UDP to the control flows' port, outside
    stray: Callable[[Answer], None] = lambda _answer: None  # an answer about no address of the plan


@dataclass(slots=True)
class Outward:
    """Acknowledgements on TCP control flows: how many the witness saw leave, how many were heard outside."""

    left: int = 0
    heard: int = 0

    def leave(self, packet: bytes, flows: Mapping[tuple[bytes, int, int], AnyFlow]) -> None:
        said = acknowledgement_in(packet)
        flow = flows.get((said[0], TCP, said[1])) if said else None
        self.left += flow is not None and said is not None and said[2] == flow.vantage_port

    def hear(self, packet: bytes, shown: frozenset[tuple[bytes, int, int]]) -> None:
        self.heard += acknowledgement_in(packet) in shown


class Finder(Protocol):
    """Finds the path and the place where silent probes end (locate.py)."""

    def trace(self) -> None: ...

    def between(self) -> None: ...

    def locate(self) -> None: ...


def sweep_command(
    around: Surroundings, template: Template, ports: Sequence[int], salt: bytes, among: Sequence[bytes], rate: float
) -> dict[str, Any]:
    """The stub's ``sweep``: one packet a port, made over there, with ready-made ones spread evenly ``among`` them."""
    return {
        "op": "sweep",
        "source": str(around.outside.address),
        "template": base64.b64encode(template.packet).decode(),
        "port_at": template.port_at,
        "token_at": template.token_at,
        "token_len": template.token_length,
        "checksum_at": template.checksum_at,
        "key": around.key.hex(),
        "salt": salt.hex(),
        "ports": base64.b64encode(struct.pack(f"!{len(ports)}H", *ports)).decode(),
        "rate": rate,
        "interleave": [base64.b64encode(packet).decode() for packet in among],
    }
