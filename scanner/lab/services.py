"""Stand-ins for the services of a home machine: one process, many ports, standard library only.

    python -m scanner.lab.services --tcp 22,80,445 --udp 53,5353 --udp-silent 5355 --bind ::

A TCP port greets like the service it is known for, or says nothing; a UDP port answers from the address that was asked.
"""

import argparse
import contextlib
import resource
import selectors
import socket
import struct
from collections.abc import Callable

from scanner.lab.capture import say_ready
from scanner.model.ports import PortSet

PAGE = b"<!doctype html><title>lab</title><p>A page that was meant for the home only.\n"
HTTP_ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: " + str(len(PAGE)).encode() + b"\r\n\r\n" + PAGE
)
HTTP_PORTS = frozenset({80, 443, 631, 3000, 3001, 3003, 5000, 5357, 8000, 8008, 8080, 8888, 9000})
SMB_PORTS = frozenset({139, 445})
# An SMB1 negotiate response that agrees on no dialect (MS-CIFS 2.2.4.52.2): header, one word 0xFFFF, no bytes.
SMB_ANSWER = struct.pack(
    ">I4sB4sBH12sHHHHBHH", 37, b"\xffSMB", 0x72, bytes(4), 0x88, 0x0140, bytes(12), 0, 0, 0, 0, 1, 0xFFFF, 0
)
ANSWERS = {**dict.fromkeys(HTTP_PORTS, HTTP_ANSWER), **dict.fromkeys(SMB_PORTS, SMB_ANSWER)}
# port -> what the service says first
GREETINGS = {
    21: b"220 lab FTP ready\r\n",
    22: b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    23: b"\xff\xfd\x18\xff\xfd\x20login: ",
    25: b"220 host.lab.example ESMTP\r\n",
    110: b"+OK POP3 ready\r\n",
    143: b"* OK IMAP4rev1 ready\r\n",
    5900: b"RFB 003.008\n",
}
DNS_PORT = 53
DNS_REFUSED = 5  # RFC 1035 section 4.1.1
ANSWER = b"v6expose lab\n"
PACKET_INFO = 20  # struct in6_pktinfo: address and interface index, RFC 3542 section 6
BACKLOG = 128
FILES_BESIDE_SOCKETS = 512

Handler = Callable[[], None]


def udp_answer(port: int, request: bytes) -> bytes:
    """What a UDP port answers: REFUSED on the DNS port to whatever has a DNS header, one fixed line elsewhere."""
    if port != DNS_PORT or len(request) < 12:  # noqa: PLR2004 - the length of a DNS header, RFC 1035 section 4.1.1
        return ANSWER
    flags = int.from_bytes(request[2:4], "big")
    answered = struct.pack("!H", 0x8000 | flags & 0x7900 | DNS_REFUSED)
    return request[:2] + answered + request[4:6] + bytes(6) + request[12:]


def open_tcp(bind: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((bind, port))
    listener.listen(BACKLOG)
    listener.settimeout(0)
    return listener


def open_udp(bind: str, port: int) -> socket.socket:
    receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    receiver.bind((bind, port))
    receiver.settimeout(0)
    return receiver


def accept(selector: selectors.BaseSelector, listener: socket.socket, port: int) -> None:
    """Take one connection and greet; the peer may be gone already."""
    with contextlib.suppress(OSError):
        connection, _ = listener.accept()
        connection.settimeout(0)
        selector.register(connection, selectors.EVENT_READ, lambda: converse(selector, connection, port))
        connection.send(GREETINGS.get(port, b""))


def converse(selector: selectors.BaseSelector, connection: socket.socket, port: int) -> None:
    """Read what came; web and SMB ports answer and hang up, the others listen on until the peer hangs up."""
    try:
        request = connection.recv(65_536)
        if request and port in ANSWERS:
            connection.send(ANSWERS[port])
            request = b""
    except BlockingIOError:
        return
    except OSError:
        request = b""
    if not request:
        selector.unregister(connection)
        connection.close()


def reply(receiver: socket.socket, port: int, *, silent: bool) -> None:
    """Answer one datagram from the very address it was sent to (a socket on :: would choose another)."""
    with contextlib.suppress(OSError):
        request, ancillary, _, peer = receiver.recvmsg(65_536, socket.CMSG_SPACE(PACKET_INFO))
        if not silent:
            receiver.sendmsg([udp_answer(port, request)], ancillary, 0, peer)


def open_all(selector: selectors.BaseSelector, arguments: argparse.Namespace) -> None:
    for port in PortSet.parse(arguments.tcp):
        _serve_tcp(selector, open_tcp(arguments.bind, port), port)
    for ports, silent in ((arguments.udp, False), (arguments.udp_silent, True)):
        for port in PortSet.parse(ports):
            _serve_udp(selector, open_udp(arguments.bind, port), port, silent=silent)


def _serve_tcp(selector: selectors.BaseSelector, listener: socket.socket, port: int) -> None:
    selector.register(listener, selectors.EVENT_READ, lambda: accept(selector, listener, port))


def _serve_udp(selector: selectors.BaseSelector, receiver: socket.socket, port: int, *, silent: bool) -> None:
    selector.register(receiver, selectors.EVENT_READ, lambda: reply(receiver, port, silent=silent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--tcp", "--udp", "--udp-silent"):
        parser.add_argument(name, default="")
    parser.add_argument("--bind", default="::")
    arguments = parser.parse_args()
    wanted = sum(len(PortSet.parse(ports)) for ports in (arguments.tcp, arguments.udp, arguments.udp_silent))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted + FILES_BESIDE_SOCKETS), hard))
    with selectors.DefaultSelector() as selector:
        open_all(selector, arguments)
        say_ready()
        while True:
            for key, _ in selector.select():
                handler: Handler = key.data
                handler()


if __name__ == "__main__":
    main()
