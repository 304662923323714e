"""The two ends a measurement is given: a pipe to the outside, and eyes inside. vantage/ and witness/ implement them."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address
from typing import Any, NamedTuple, Protocol


class Frame(NamedTuple):
    """One packet as the witness saw it: epoch seconds, direction, interface index, neighbour's MAC (the sender of what
    comes in), and the packet from its IPv6 header on, maybe cut.
    """

    at: float
    outgoing: bool
    interface: int
    mac: bytes
    packet: bytes


class Pipe(Protocol):
    """The stub at the vantage. See vantage/stub.py for the commands and events."""

    def fileno(self) -> int: ...

    def submit(self, command: Mapping[str, Any]) -> None:
        """Queue a command; raises IncompleteError when the far end is gone."""

    def receive(self) -> list[dict[str, Any]]:
        """Events that have come in; does not wait."""


class Witness(Protocol):
    """The capture on the host."""

    def fileno(self) -> int: ...

    def receive(self) -> list[Frame]:
        """Frames that have come in; does not wait."""

    def dropped(self) -> int:
        """How many packets the capture has lost so far."""


class Neighbours(Protocol):
    """The host's link, for the question about everything else on it (witness/solicit.py)."""

    def join(self, addresses: Iterable[IPv6Address]) -> None:
        """Hear what is asked about these addresses."""

    def solicit(self, address: IPv6Address) -> None:
        """Ask the link who has ``address``."""

    def speak_as(self, address: IPv6Address, port: int, to: IPv6Address, to_port: int, payload: bytes) -> None:
        """Send one datagram outwards from an unused address of the host's prefix."""


class Pinhole(Protocol):
    """A flow the inside opens towards the vantage, so that answers on it must pass the router."""

    def refresh(self) -> None:
        """Send one packet outwards on the flow."""

    def close(self) -> None: ...
