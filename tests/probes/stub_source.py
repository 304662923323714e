"""The stub's own functions, without running it."""

import ast
import base64
import struct
from importlib import resources
from ipaddress import IPv6Address
from typing import Any

from scanner.probes.craft import Template


def definitions() -> dict[str, Any]:
    """stub.py executed up to, and without, its last line: main()."""
    tree = ast.parse(resources.files("scanner.vantage").joinpath("stub.py").read_text())
    assert ast.unparse(tree.body.pop()) == "main()"
    space: dict[str, Any] = {"__name__": "stub"}
    exec(compile(tree, "stub.py", "exec"), space)  # noqa: S102 - our own file
    return space


STUB = definitions()


class RecordingSocket:
    """Stands where the stub's raw socket is."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def sendto(self, packet: bytes, to: tuple[str, int]) -> None:
        assert IPv6Address(to[0]) == IPv6Address(bytes(packet[24:40]))
        self.packets.append(bytes(packet))


def swept(template: Template, key: bytes, salt: bytes, ports: list[int], ready: list[bytes]) -> list[tuple[int, bytes]]:
    """What the stub sends for a sweep command: (port it counts for or -1, packet)."""
    wire = RecordingSocket()
    command = {
        "source": "::",
        "template": base64.b64encode(template.packet).decode(),
        "port_at": template.port_at,
        "token_at": template.token_at,
        "token_len": template.token_length,
        "checksum_at": template.checksum_at,
        "key": key.hex(),
        "salt": salt.hex(),
        "ports": base64.b64encode(struct.pack(f"!{len(ports)}H", *ports)).decode(),
        "interleave": [base64.b64encode(packet).decode() for packet in ready],
    }
    counted = []
    for port, action in STUB["sweep_shots"](command, wire):
        action()
        counted.append(port)
    return list(zip(counted, wire.packets, strict=True))
