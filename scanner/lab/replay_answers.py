"""Answers every SYN with a SYN-ACK that belongs to another connection: a process at the ISP.

python -m scanner.lab.replay_answers INTERFACE PREFIX
"""

import argparse
import contextlib
import select
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from scanner.lab.capture import open_capture, say_ready
from scanner.lab.forge_reset import open_raw
from scanner.lab.segments import ACK, SYN, answer_for, read_syn

OTHER = 0x5EED_0001  # the sequence number of a connection that was recorded some other day


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interface")
    parser.add_argument("prefix", type=IPv6Network)
    arguments = parser.parse_args()
    with open_capture(arguments.interface) as capture, open_raw() as raw:
        say_ready()
        while True:
            select.select([capture], [], [])
            with contextlib.suppress(OSError):
                syn = read_syn(capture.recv(65_536))
                if syn and IPv6Address(syn.destination) in arguments.prefix:
                    answer = answer_for(replace(syn, sequence=OTHER), SYN | ACK)
                    raw.sendto(answer, (str(IPv6Address(syn.source)), 0))


if __name__ == "__main__":
    main()
