"""A transparent TCP proxy: takes what was redirected to it and asks the real destination from its own address.

python -m scanner.lab.tcp_proxy PORT
"""

import argparse
import asyncio
import contextlib
import socket
import struct

from scanner.lab.capture import say_ready

ORIGINAL_DESTINATION = 80  # IP6T_SO_ORIGINAL_DST, linux/netfilter_ipv6/ip6_tables.h
ADDRESS = struct.Struct("!HHI16sI")  # struct sockaddr_in6, its family in host byte order
AT_ONCE = 65_536


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(AT_ONCE):
            writer.write(data)
            await writer.drain()
    writer.close()


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: open the other half and pass on what comes; hang up where that fails."""
    asked = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_IPV6, ORIGINAL_DESTINATION, ADDRESS.size)
    _, port, _, address, _ = ADDRESS.unpack(asked)
    try:
        there, back = await asyncio.open_connection(socket.inet_ntop(socket.AF_INET6, address), port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, back), pump(there, writer))


async def serve(port: int) -> None:
    server = await asyncio.start_server(take, "::", port, backlog=4096)
    say_ready()
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
