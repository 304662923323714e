"""Classic BPF programs for packet sockets that start at the IPv6 header (AF_PACKET SOCK_DGRAM): a small assembler.

Instructions are (code, jump if true, jump if false, k) as in linux/filter.h. Pure.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address

LOAD_WORD, LOAD_HALF, LOAD_BYTE = 0x20, 0x28, 0x30
JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_ALWAYS, RETURN = 0x15, 0x35, 0x05, 0x06
PROTOCOL_OF_FRAME = 0xFFFFF000  # SKF_AD_OFF + SKF_AD_PROTOCOL, host byte order
ETH_P_IPV6 = 0x86DD
SOURCE_AT, DESTINATION_AT, NEXT_HEADER_AT = 8, 24, 6
TCP, UDP, FRAGMENT, ICMPV6 = 6, 17, 44, 58

Instruction = tuple[int, int, int, int]
# A step is (label or "", code, k, label if true, label if false); "" falls through.
Step = tuple[str, int, int, str, str]


def witness_filter(vantages: Iterable[IPv6Address], length: int = 176) -> list[Instruction]:
    """IPv6 to or from one of the vantage addresses, in either direction, headers and all (trap D13: nothing deeper).

    Also what is asked and answered on the link: neighbour solicitations and advertisements (ICMPv6 135, 136).
    """
    steps: list[Step] = [
        ("", LOAD_WORD, PROTOCOL_OF_FRAME, "", ""),
        ("", JUMP_EQUAL, ETH_P_IPV6, "", "drop"),
    ]
    for number, address in enumerate(vantages):
        for at in (SOURCE_AT, DESTINATION_AT):
            steps += _match_address(f"{number}.{at}", at, address)
    steps += [
        ("", LOAD_BYTE, NEXT_HEADER_AT, "", ""),
        ("", JUMP_EQUAL, ICMPV6, "", "drop"),
        ("", LOAD_BYTE, 40, "", ""),
        ("", JUMP_EQUAL, 135, "keep", ""),
        ("", JUMP_EQUAL, 136, "keep", "drop"),
        ("keep", RETURN, length, "", ""),
        ("drop", RETURN, 0, "", ""),
    ]
    return assemble(steps)


def answers_filter(address: IPv6Address, ports: tuple[int, int], length: int = 256) -> list[Instruction]:
    """What can be an answer to a probe from ``address`` and source ports ``ports`` (low, high): TCP and UDP to them,
    ICMPv6 errors (types 1 to 4), echo requests and replies, and fragments.
    """
    low, high = ports
    steps: list[Step] = [
        *_match_address("us", DESTINATION_AT, address, found="ours"),
        ("", RETURN, 0, "", ""),
        ("ours", LOAD_BYTE, NEXT_HEADER_AT, "", ""),
        ("", JUMP_EQUAL, ICMPV6, "icmp", ""),
        ("", JUMP_EQUAL, FRAGMENT, "keep", ""),
        ("", JUMP_EQUAL, TCP, "ports", ""),
        ("", JUMP_EQUAL, UDP, "ports", "drop"),
        ("ports", LOAD_HALF, 42, "", ""),
        ("", JUMP_GREATER_EQUAL, low, "", "drop"),
        ("", JUMP_GREATER_EQUAL, high + 1, "drop", "keep"),
        ("icmp", LOAD_BYTE, 40, "", ""),
        ("", JUMP_GREATER_EQUAL, 130, "drop", ""),
        ("", JUMP_GREATER_EQUAL, 128, "keep", ""),
        ("", JUMP_GREATER_EQUAL, 5, "drop", "keep"),
        ("keep", RETURN, length, "", ""),
        ("drop", RETURN, 0, "", ""),
    ]
    return assemble(steps)


def exchange_filter(
    addresses: Iterable[IPv6Address],
    window: tuple[int, int],
    ours: Iterable[int] = (),
    theirs: Iterable[int] = (),
    length: int = 256,
) -> list[Instruction]:
    """What can concern a battery: packets to one of the vantage's ``addresses`` that are TCP or UDP to a port in
    ``window`` (low, high) or ``ours``, or from a port of ``theirs``; and everything that is neither TCP nor UDP.

    Never all of TCP: the session itself may run between the same two addresses, and would hear itself.
    """
    low, high = window
    steps: list[Step] = []
    for number, address in enumerate(addresses):
        steps += _match_address(f"us {number}", DESTINATION_AT, address, found="ours")
    steps += [
        ("", RETURN, 0, "", ""),
        ("ours", LOAD_BYTE, NEXT_HEADER_AT, "", ""),
        ("", JUMP_EQUAL, TCP, "ports", ""),
        ("", JUMP_EQUAL, UDP, "ports", "keep"),
        ("ports", LOAD_HALF, 42, "", ""),
        ("", JUMP_GREATER_EQUAL, low, "", "one by one"),
        ("", JUMP_GREATER_EQUAL, high + 1, "one by one", "keep"),
        ("one by one", LOAD_HALF, 42, "", ""),
        *(("", JUMP_EQUAL, port, "keep", "") for port in dict.fromkeys(ours)),
        ("", LOAD_HALF, 40, "", ""),
        *(("", JUMP_EQUAL, port, "keep", "") for port in dict.fromkeys(theirs)),
        ("", RETURN, 0, "", ""),
        ("keep", RETURN, length, "", ""),
    ]
    return assemble(steps)


def _match_address(name: str, at: int, address: IPv6Address, found: str = "keep") -> list[Step]:
    """Go to ``found`` where the 16 bytes at ``at`` are ``address``, else fall out at the end."""
    words = [int.from_bytes(address.packed[i : i + 4], "big") for i in range(0, 16, 4)]
    steps: list[Step] = []
    for i, word in enumerate(words):
        last = i == len(words) - 1
        steps.append(("", LOAD_WORD, at + 4 * i, "", ""))
        steps.append(("", JUMP_EQUAL, word, found if last else "", f"end {name}"))
    steps.append((f"end {name}", JUMP_ALWAYS, 0, "", ""))
    return steps


def assemble(steps: Sequence[Step]) -> list[Instruction]:
    """Turn labels into relative jumps. Raises ValueError where a conditional jump would be longer than 255."""
    labels = {label: index for index, (label, *_) in enumerate(steps) if label}

    def jump(target: str, index: int) -> int:
        distance = labels[target] - index - 1 if target else 0
        if not 0 <= distance <= 255:  # noqa: PLR2004  (the field is one byte)
            raise ValueError(f"jump of {distance} instructions to {target!r}")
        return distance

    return [(code, jump(true, index), jump(false, index), k) for index, (_, code, k, true, false) in enumerate(steps)]


def interpret(program: Sequence[Instruction], packet: bytes, protocol: int = ETH_P_IPV6) -> int:
    """Run a program as the kernel would: bytes to keep, 0 to drop. For tests and for reading a filter aloud."""
    accumulator = index = 0
    while index < len(program):
        code, true, false, k = program[index]
        index += 1
        if code == RETURN:
            return k
        if code == JUMP_ALWAYS:
            index += k
        elif code == JUMP_EQUAL:
            index += true if accumulator == k else false
        elif code == JUMP_GREATER_EQUAL:
            index += true if accumulator >= k else false
        elif code == LOAD_WORD and k == PROTOCOL_OF_FRAME:
            accumulator = protocol
        else:
            size = {LOAD_WORD: 4, LOAD_HALF: 2, LOAD_BYTE: 1}[code]
            if k + size > len(packet):
                return 0
            accumulator = int.from_bytes(packet[k : k + size], "big")
    raise ValueError("the program runs off its end")
