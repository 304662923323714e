"""A packet ring shared with the kernel (packet(7), PACKET_RX_RING, TPACKET_V2): no copy per packet, no loss while
Python thinks. Needs CAP_NET_RAW only; a plain socket would need CAP_NET_ADMIN for a buffer that is large enough.

Loss is never silent: ``dropped()`` counts what the ring had no room for.
"""

import ctypes
import mmap
import socket
import struct
from collections.abc import Sequence

from scanner.probes.bpf import Instruction
from scanner.probes.pipe import Frame

SOL_PACKET = 263
PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION = 5, 6, 10
TPACKET_V2 = 1
SO_ATTACH_FILTER = 26
ETH_P_ALL = 0x0003
TP_STATUS_USER = 1
FRAME = 256  # 80 bytes of kernel header, 176 of packet
BLOCK = 1 << 16
BLOCKS = 192  # 12 MiB: 49,152 packets
PACKET_OUTGOING = 4
# struct tpacket2_hdr: status, len, snaplen, mac, net, sec, nsec; then at 32 struct sockaddr_ll
HEADER = struct.Struct("=IIIHHII")
LINK = struct.Struct("=HHiHBB8s")


class Ring:
    """Every IPv6 packet that passes ``program``, on every interface, in both directions."""

    def __init__(self, program: Sequence[Instruction]) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        try:
            self._attach(program)
            self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
            # Setting the ring empties the queue: nothing from before the filter is left in it.
            request = struct.pack("=IIII", BLOCK, BLOCKS, FRAME, BLOCK * BLOCKS // FRAME)
            self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING, request)
            self._ring = mmap.mmap(self._socket.fileno(), BLOCK * BLOCKS)
        except OSError:
            self._socket.close()
            raise
        self._slots = BLOCK * BLOCKS // FRAME
        self._next = 0
        self._dropped = 0

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self, limit: int = 20_000) -> list[Frame]:
        """The frames that have come in, oldest first; does not wait."""
        frames: list[Frame] = []
        ring, slot = self._ring, self._next
        for _ in range(limit):
            at = slot * FRAME
            status, _, kept, _, net, seconds, nanoseconds = HEADER.unpack_from(ring, at)
            if not status & TP_STATUS_USER:
                break
            _, _, index, _, kind, length, mac = LINK.unpack_from(ring, at + 32)
            packet = ring[at + net : at + net + kept]
            frames.append(Frame(seconds + nanoseconds / 1e9, kind == PACKET_OUTGOING, index, mac[:length], packet))
            ring[at : at + 4] = b"\0\0\0\0"
            slot = slot + 1 if slot + 1 < self._slots else 0
        self._next = slot
        return frames

    def dropped(self) -> int:
        """Packets lost since the ring was opened, because nobody read fast enough."""
        statistics = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self._dropped += struct.unpack("II", statistics)[1]
        return self._dropped

    def close(self) -> None:
        self._ring.close()
        self._socket.close()

    def _attach(self, program: Sequence[Instruction]) -> None:
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
        fprog = struct.pack("HL", len(program), ctypes.addressof(code))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)
