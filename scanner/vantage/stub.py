"""The far end: one file, standard library, Python 3.8, run from memory. A dumb pipe for packets.

It reads commands as JSON lines from standard input and writes events as JSON lines to standard output. It builds and
judges nothing: packets come ready-made (or as one template with many ports) and go back as they were heard. It dies,
with its children, as soon as its standard input ends or stays silent for IDLE seconds.

Commands (every one may carry "id", which its events repeat):

    hello                                         -> hello: what this place can do
    route   to                                    -> routed: the source address the kernel picks towards "to"
    reserve address, count                        -> reserved: ports, held on TCP and UDP for this run
    hold    port                                  -> held: a reserved UDP port is read; datagram events follow
    mute    port                                  -> muted: a reserved TCP port neither takes nor refuses connections
    absorb  protocols                             -> absorbed: this machine's kernel calls these next headers unknown to
                                                     nobody
    datagram port, to, d, interval                -> sent (unprivileged controls, from a held port)
    listen  filter, caplen                        -> listening, then heard events: what reached this machine, as raw
                                                     IPv6 packets
    send    source, packets, interval             -> sent
    sweep   source, template, port_at, token_at, token_len, checksum_at, key, salt, ports, rate, interleave -> swept
    connect source, port, address, ports, timeout, parallel, rate   -> connected events, then done (TCP, no privilege)
    udp     port, address, ports, payloads, key, salt, rate, wait   -> udp events, sent, then done (UDP, no privilege)
    exec    argv (nmap only)                      -> output events, then exited
    kill    target (the id of an exec); cancel (what is being sent); ping -> pong; bye

A command that cannot be done gives an error event. "sent" and "swept" say how many packets were tried (n), which errors
the kernel gave how often (errors), and which ports were therefore never probed (failed). Sending commands queue up: one
sends at a time, so that the rates hold.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import errno
import functools
import hashlib
import json
import os
import platform
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union

IDLE = 90.0  # seconds without a word from the near end; it pings every 10
MAX_COMMAND = 64 << 20
MAX_OUT = 8 << 20  # bytes not yet taken by the near end, beyond which nothing more is read
BATCH = 64
FASTEST = 1e6
PLAIN_RATE = 1000  # connect() calls and datagrams a second where the command names no rate
TRIES = 20
ETH_P_IPV6 = 0x86DD
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
IPV6_RECVERR = 25
MSG_ERRQUEUE = 0x2000
SO_EE_ORIGIN_ICMP6 = 3
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"])

Command = Dict[str, Any]
Packet = Union[bytes, bytearray]
Action = Callable[[], Any]
# What is sent: the port it probes, -1 for what probes none, and how to send it.
Shot = Tuple[int, Action]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text)


# ---- what this place can do


def raw_problem() -> Optional[str]:
    """None where raw IPv6 sending and packet capture both work, else why not."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW).close()
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6)).close()
    except AttributeError:
        return "no packet sockets on " + platform.system()
    except OSError as error:
        return error.strerror or str(error)
    return None


def why_plain(sudo_said: str) -> Optional[str]:
    """None with raw sockets, else one line that says why there are none."""
    problem = raw_problem()
    if problem is None:
        return None
    if os.geteuid() == 0:
        return problem + " though the login is root (a container without CAP_NET_RAW?)"
    return problem + ": the login is not root" + (" and `sudo -n` did not help (%s)" % sudo_said if sudo_said else "")


def nmap_version() -> Optional[str]:
    path = shutil.which("nmap", path=SEARCH)
    if path is None:
        return None
    try:
        text = subprocess.run(  # noqa: PLW1510  (its words count, not its status)
            [path, "-V"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    words = text.decode("ascii", "replace").split()
    return words[2] if len(words) > 2 and words[0] == "Nmap" else None  # noqa: PLR2004


def own_addresses() -> List[Tuple[str, int, str]]:
    """Global IPv6 addresses past duplicate address detection: address, prefix length, interface."""
    found = []
    try:
        with open("/proc/net/if_inet6") as table:
            for line in table:
                digits, _, length, scope, flags, name = line.split()
                if scope == "00" and not int(flags, 16) & 0x48:
                    found.append((socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits)), int(length, 16), name))
    except (OSError, ValueError):
        pass
    return found


def source_towards(address: str) -> str:
    """The source address the kernel picks; nothing is sent. Raises OSError without a way there."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return str(probe.getsockname()[0])


def bind_both(address: str) -> Tuple[socket.socket, socket.socket]:
    """A port free for TCP and UDP on this address; both sockets are kept, so that nothing else here uses it."""
    for _ in range(50):
        tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connect() shares the port, to other far ports
        try:
            tcp.bind((address, 0))
            udp.bind((address, tcp.getsockname()[1]))
        except OSError as error:
            tcp.close()
            udp.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        udp.settimeout(0)
        return tcp, udp
    raise OSError(errno.EADDRINUSE, "no free port")


def drop_everything(one: socket.socket) -> None:
    """A filter that keeps nothing (BPF: return 0)."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    one.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(code)))


# ---- packets


def address_of(packet: Packet) -> str:
    return socket.inet_ntop(socket.AF_INET6, packet[24:40])


def token_of(key: bytes, salt: bytes, port: int) -> bytes:
    """Eight bytes that only this run knows: the first is the TCP sequence number, the last 20 bits the flow label."""
    return hashlib.blake2s(salt + port.to_bytes(2, "big"), key=key, digest_size=8).digest()


def fold(total: int) -> int:
    while total > 0xFFFF:  # noqa: PLR2004
        total = (total & 0xFFFF) + (total >> 16)
    return total


def base_sum(packet: Packet, transport: int) -> int:
    """Internet checksum of pseudo header and transport, not yet complemented (RFC 8200 section 8.1)."""
    body = packet[8:40] + struct.pack("!II", len(packet) - 40, transport) + packet[40:]
    body += b"\0" * (len(body) % 2)
    return sum(struct.unpack("!%dH" % (len(body) // 2), body))


def evenly(few: Sequence[Any], many: Sequence[Any]) -> List[Any]:
    """Both in their order, the one spread evenly among the other."""
    mixed: List[Any] = []
    at = 0
    for index, item in enumerate(many):
        while at < len(few) and (2 * at + 1) * len(many) <= 2 * index * len(few):
            mixed.append(few[at])
            at += 1
        mixed.append(item)
    return mixed + list(few[at:])


def probed_port(packet: Packet, template: Packet) -> int:
    """The port a ready-made packet probes on the template's own flow; -1 for a packet of another flow (a control)."""
    same = packet[6] == template[6] and packet[8:42] == template[8:42]  # next header; addresses and source port
    return int.from_bytes(packet[42:44], "big") if same else -1


def sweep_shots(command: Command, sender: socket.socket) -> Iterator[Shot]:
    """One packet a port, made from the template as it goes; ready-made probes and controls spread evenly among them."""
    template = bytearray(unb64(command["template"]))
    key, salt = bytes.fromhex(command["key"]), bytes.fromhex(command["salt"])
    packed = unb64(command["ports"])
    ports = struct.unpack("!%dH" % (len(packed) // 2), packed)
    made = [unb64(text) for text in command.get("interleave", ())]
    port_at, token_at, length, sum_at = (command[name] for name in ("port_at", "token_at", "token_len", "checksum_at"))
    words = struct.Struct("!%dH" % (length // 2))
    base = base_sum(template, template[6])
    to = (address_of(template), 0)
    flow = (template[0] << 24 | template[1] << 16) & 0xFFF00000
    steady = bool(command.get("steady"))  # the template's own flow label: all packets take the same way

    def one(port: int) -> None:
        token = token_of(key, salt, port)
        if not steady:
            struct.pack_into("!I", template, 0, flow | int.from_bytes(token[4:], "big") & 0xFFFFF)
        struct.pack_into("!H", template, port_at, port)
        template[token_at : token_at + length] = token[:length]
        total = fold(base + port + sum(words.unpack_from(token)))
        struct.pack_into("!H", template, sum_at, (0xFFFF - total) or 0xFFFF)
        sender.sendto(template, to)

    shots: List[Union[int, Tuple[int, bytes]]] = list(ports)
    numbered = [(probed_port(packet, template), packet) for packet in made]
    shots = evenly([shot for shot in numbered if shot[0] >= 0], shots)
    shots = evenly([shot for shot in numbered if shot[0] < 0], shots)
    for shot in shots:
        if isinstance(shot, int):
            yield shot, functools.partial(one, shot)
        else:
            port, packet = shot
            yield port, functools.partial(sender.sendto, packet, (address_of(packet), 0))


# ---- jobs: what takes time. A job is stepped until it says True; one job sends at a time.


class Pacer:
    """So many a second, in bursts of BATCH at most; what a slow machine could not send in time is not sent faster."""

    def __init__(self, rate: float) -> None:
        self.rate = min(max(rate, 0.1), FASTEST)
        self.count = 0
        self.started: Optional[float] = None

    def due(self, now: float) -> int:
        if self.started is None:
            self.started = now
        if (now - self.started) * self.rate - self.count > self.rate * 0.2:
            self.started = now - self.count / self.rate
        return min(BATCH, int((now - self.started) * self.rate) + 1 - self.count)


class Sending:
    """Shots, paced; the last word is one event that says how it went."""

    def __init__(self, stub: Stub, command: Command, shots: Iterable[Shot], rate: float, event: str) -> None:
        self.stub, self.command, self.event = stub, command, event
        self.shots = iter(shots)
        self.pacer = Pacer(rate)
        self.began: Optional[float] = None
        self.errors: Dict[str, int] = {}
        self.failed: List[int] = []
        self.sending = True

    def step(self, now: float) -> bool:
        """Send what is due; True when all is sent."""
        self.began = self.began or time.time()
        for _ in range(self.pacer.due(now)):
            shot = next(self.shots, None)
            if shot is None:
                self.sending = False
                self.finish()
                return True
            self.pacer.count += 1
            self.attempt(*shot)
        return False

    def attempt(self, port: int, action: Action) -> None:
        problem = None
        for _ in range(TRIES):
            try:
                action()
            except OSError as error:
                problem = error
                if error.errno not in (errno.ENOBUFS, errno.EAGAIN):
                    break
                time.sleep(0.001)
            else:
                return
        name = errno.errorcode.get((problem and problem.errno) or 0, "unknown")
        self.errors[name] = self.errors.get(name, 0) + 1
        if port >= 0:
            self.failed.append(port)

    def finish(self) -> None:
        self.stub.flush_heard()
        self.stub.emit(
            self.event,
            id=self.command.get("id"),
            n=self.pacer.count,
            errors=self.errors,
            failed=self.failed,
            t0=self.began,
            t1=time.time(),
            dropped=self.stub.dropped(),
        )

    def cancel(self) -> None:
        self.sending = False


# What connect() says -> what it amounts to. EACCES is what the kernel makes of ICMPv6 1/1, 1/5 and 1/6.
CONNECT_STATES = {0: "open", errno.ECONNREFUSED: "refused", errno.EACCES: "prohibited"}


class Connects:
    """TCP connect() to many ports, a bounded number at once and a bounded number a second."""

    UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EPROTO, errno.ENOPROTOOPT)
    NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

    def __init__(self, stub: Stub, command: Command) -> None:
        self.stub, self.command = stub, command
        self.ports = list(command["ports"])[::-1]
        self.parallel = command.get("parallel", 256)
        self.source = socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, command["source"]))
        self.pacer = Pacer(command.get("rate", PLAIN_RATE))
        self.open: Dict[socket.socket, Tuple[int, float]] = {}

    @property
    def sending(self) -> bool:
        return bool(self.ports)

    def step(self, now: float) -> bool:
        for sock, (port, deadline) in list(self.open.items()):
            if now > deadline:
                self.close(sock)
                self.tell(port, "timeout", 0)
        for _ in range(min(self.pacer.due(now), self.parallel - len(self.open), len(self.ports))):
            if not self.start(self.ports[-1], now):
                break
            self.ports.pop()
            self.pacer.count += 1
        if self.ports or self.open:
            return False
        self.stub.emit("done", id=self.command.get("id"))
        return True

    def start(self, port: int, now: float) -> bool:
        """False where there was no room for one more: the port is to be tried again when others are through."""
        sock = None
        try:
            sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            sock.settimeout(0)
            if sys.platform == "linux":
                sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)  # who sent the ICMPv6 error
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.command["source"], self.command["port"]))
            code = sock.connect_ex((self.command["address"], port))
        except OSError as error:
            code = error.errno or 0
        if sock is None or code not in (0, errno.EINPROGRESS):
            if sock is not None:
                sock.close()
            if code in self.NO_ROOM and self.open:
                self.parallel = len(self.open)
                return False
            self.tell(port, "failed", code)  # of this machine's own making: nothing left it
            return True
        self.open[sock] = (port, now + self.command.get("timeout", 3.0))
        self.stub.selector.register(sock, selectors.EVENT_WRITE, lambda: self.ready(sock, port))
        return True

    def ready(self, sock: socket.socket, port: int) -> None:
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        told = icmp_error(sock) if code else None
        if not code:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # hang up by RST
        self.close(sock)
        state = CONNECT_STATES.get(code, "unreachable" if code in self.UNREACHABLE else "failed")
        if told and told["address"] == self.source:  # our own filter or a dead first hop: the probe did not get away
            state = "failed"
        self.tell(port, state, code, told)

    def close(self, sock: socket.socket) -> None:
        self.stub.selector.unregister(sock)
        del self.open[sock]
        sock.close()

    def tell(self, port: int, state: str, number: int, told: Optional[Dict[str, Any]] = None) -> None:
        error = errno.errorcode.get(number, str(number)) if number else ""
        fields = {**(told or {}), "port": port, "state": state, "error": error, "t": time.time()}
        self.stub.emit("connected", id=self.command.get("id"), **fields)

    def cancel(self) -> None:
        for sock in list(self.open):
            self.close(sock)
        self.ports = []


def icmp_error(sock: socket.socket) -> Optional[Dict[str, Any]]:
    """The next ICMPv6 error in the socket's error queue (ipv6(7), IPV6_RECVERR): type, code, sender and the address and
    port it is about; None where there is none. Other entries of the queue are passed over.
    """
    while True:
        try:
            _, ancillary, _, to = sock.recvmsg(1500, 1024, MSG_ERRQUEUE)
        except OSError:
            return None
        for level, kind, data in ancillary:
            # struct sock_extended_err (16 bytes), then struct sockaddr_in6 of the offender (28 bytes)
            known = level == socket.IPPROTO_IPV6 and kind == IPV6_RECVERR and len(data) >= 44  # noqa: PLR2004
            if known and data[4] == SO_EE_ORIGIN_ICMP6:
                offender = socket.inet_ntop(socket.AF_INET6, data[24:40])
                target, port = (to[0], to[1]) if to else (None, None)
                return {"type": data[5], "code": data[6], "address": offender, "target": target, "port": port}


class Datagrams:
    """Plain UDP to many ports from one reserved socket; ICMPv6 errors come back through its error queue."""

    # What an ICMPv6 error about an earlier datagram makes of the next call (icmpv6_err_convert in the kernel).
    EARLIER = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EACCES, errno.ENETUNREACH, errno.EPROTO)

    def __init__(self, stub: Stub, command: Command) -> None:
        self.stub, self.command = stub, command
        self.key, self.salt = bytes.fromhex(command["key"]), bytes.fromhex(command["salt"])
        self.payloads = {int(port): unb64(text) for port, text in command.get("payloads", {}).items()}
        self.udp = stub.reserved[command["port"]][1]
        self.own = self.udp.getsockname()[0]
        if sys.platform == "linux":
            self.udp.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        shots = [(port, functools.partial(self.one, port)) for port in command["ports"]]
        self.inner = Sending(stub, {}, shots, command.get("rate", PLAIN_RATE), "sent")
        self.pacer = self.inner.pacer
        self.until = 0.0
        self.reading = False

    @property
    def sending(self) -> bool:
        return self.inner.sending

    def one(self, port: int) -> None:
        data = self.payloads.get(port) or token_of(self.key, self.salt, port)
        for _ in range(TRIES):
            try:
                self.udp.sendto(data, (self.command["address"], port))
            except OSError as error:
                if error.errno not in self.EARLIER:
                    raise
                problem = error
            else:
                return
        raise problem

    def read(self) -> None:
        for _ in range(BATCH):
            try:
                data, sender = self.udp.recvfrom(2048)
            except BlockingIOError:
                break
            except OSError:  # an ICMPv6 error; the queue below tells it in full
                continue
            self.tell("answer", address=sender[0], port=sender[1], d=b64(data[:512]))
        for _ in range(BATCH):
            told = icmp_error(self.udp)
            if told is None:
                break
            if told["address"] == self.own != self.command["address"]:  # as in Connects.ready
                self.inner.failed += [told["port"]] * (told["port"] not in self.inner.failed)
            else:
                self.tell("icmp", **told)

    def tell(self, kind: str, **fields: Any) -> None:
        self.stub.emit("udp", id=self.command.get("id"), kind=kind, t=time.time(), **fields)

    def step(self, now: float) -> bool:
        if not self.reading:
            if self.udp in self.stub.selector.get_map():
                return False  # an earlier job still waits for answers on this very port
            self.stub.selector.register(self.udp, selectors.EVENT_READ, self.read)
            self.reading = True
        if self.sending:
            if self.inner.step(now):
                self.until = now + self.command.get("wait", 2.0)
            return False
        if now < self.until:
            return False
        self.read()
        self.cancel()
        self.stub.emit("done", id=self.command.get("id"), failed=self.inner.failed)
        return True

    def cancel(self) -> None:
        self.inner.cancel()
        if self.reading:
            self.stub.selector.unregister(self.udp)
            self.reading = False


# ---- listening


class Capture:
    """What reaches this machine and passes the filter, as raw IPv6 packets."""

    def __init__(self, stub: Stub, rows: Sequence[Sequence[int]], length: int) -> None:
        self.stub, self.length = stub, length
        self.lost = 0
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6))
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
        self.socket.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(rows), ctypes.addressof(code))
        )
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        except OSError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self.socket.settimeout(0)
        try:
            while True:  # what came in before the filter was there
                self.socket.recv(1)
        except OSError:
            pass
        self.dropped()
        self.lost = 0
        stub.selector.register(self.socket, selectors.EVENT_READ, self.read)

    def read(self) -> None:
        packets = []
        for _ in range(BATCH * 4):
            try:
                data = self.socket.recv(self.length)
            except OSError:
                break
            packets.append((round(time.time(), 6), b64(data)))
        if packets:
            self.stub.emit("heard", p=packets)

    def dropped(self) -> int:
        """Packets that passed the filter and were lost since the capture began; the kernel forgets when asked."""
        self.lost += struct.unpack("II", self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        return self.lost

    def close(self) -> None:
        self.stub.selector.unregister(self.socket)
        self.socket.close()


# ---- nmap


def die_with_parent() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Child:
    """One nmap. It leads a process group of its own, so that ending it ends what it started."""

    def __init__(self, stub: Stub, number: Any, argv: Sequence[str]) -> None:
        self.stub, self.number = stub, number
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  (one thread here)
        )
        self.streams = [stream for stream in (self.process.stdout, self.process.stderr) if stream]
        for which, stream in enumerate(list(self.streams), 1):
            os.set_blocking(stream.fileno(), False)
            stub.selector.register(stream, selectors.EVENT_READ, lambda s=stream, w=which: self.read(s, w))

    def read(self, stream: Any, which: int) -> None:
        try:
            data = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            return
        if data:
            self.stub.emit("output", id=self.number, stream=which, d=b64(data))
            return
        self.stub.selector.unregister(stream)
        stream.close()
        self.streams.remove(stream)
        if not self.streams:
            self.stub.children.pop(self.number, None)
            self.stub.emit("exited", id=self.number, status=self.process.wait())

    def end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except OSError:
                return
            for _ in range(20):
                if self.process.poll() is not None:
                    break
                time.sleep(0.01)


# ---- the loop

# What a command that makes no sense, or that this machine refuses, ends in: an error event.
FAULTS = (OSError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, struct.error)


class Stub:
    """Everything this process holds; the methods named in COMMANDS do what the near end asks."""

    def __init__(self, sudo_said: str) -> None:
        self.sudo_said = sudo_said
        self.selector = selectors.DefaultSelector()
        self.incoming = bytearray()
        self.out = bytearray()
        self.jobs: List[Any] = []
        self.children: Dict[Any, Child] = {}
        self.reserved: Dict[int, Tuple[socket.socket, socket.socket]] = {}
        self.held: Dict[int, socket.socket] = {}
        self.absorbers: Dict[int, socket.socket] = {}
        self.raw_sockets: Dict[str, socket.socket] = {}
        self.capture: Optional[Capture] = None
        self.input_at = time.monotonic()

    # -- commands

    def hello(self, command: Command) -> None:
        why = why_plain(self.sudo_said)
        self.emit(
            "hello",
            id=command.get("id"),
            protocol=1,
            python=platform.python_version(),
            system=platform.system(),
            euid=os.geteuid(),
            raw=why is None,
            why=why,
            nmap=nmap_version(),
            addresses=own_addresses(),
            clock=time.time(),
        )

    def route(self, command: Command) -> None:
        try:
            self.emit("routed", id=command.get("id"), source=source_towards(command["to"]))
        except OSError as error:
            self.emit("routed", id=command.get("id"), source=None, error=error.strerror or str(error))

    def reserve(self, command: Command) -> None:
        ports = []
        for _ in range(command["count"]):
            pair = bind_both(command["address"])
            ports.append(pair[0].getsockname()[1])
            self.reserved[ports[-1]] = pair
        self.emit("reserved", id=command.get("id"), ports=ports)

    def hold(self, command: Command) -> None:
        port = command["port"]
        if port not in self.held:
            udp = self.reserved[port][1]
            self.selector.register(udp, selectors.EVENT_READ, lambda: self.read_held(udp, port))
            self.held[port] = udp
        self.emit("held", id=command.get("id"), port=port)

    def mute(self, command: Command) -> None:
        """The near end speaks TCP on this port itself: a listener whose filter drops everything sends no reset."""
        tcp = self.reserved[command["port"]][0]
        drop_everything(tcp)
        tcp.listen(1)
        self.emit("muted", id=command.get("id"), port=command["port"])

    def absorb(self, command: Command) -> None:
        """A raw socket of a protocol takes what comes of it, so that no "unrecognised next header" goes back."""
        for protocol in command["protocols"]:
            if protocol not in self.absorbers:
                one = socket.socket(socket.AF_INET6, socket.SOCK_RAW, protocol)
                drop_everything(one)
                self.absorbers[protocol] = one
        self.emit("absorbed", id=command.get("id"))

    def read_held(self, udp: socket.socket, port: int) -> None:
        for _ in range(BATCH):
            try:
                data, sender = udp.recvfrom(2048)
            except OSError:
                return
            self.emit("datagram", port=port, **{"from": [sender[0], sender[1]]}, d=b64(data), t=time.time())

    def datagram(self, command: Command) -> None:
        udp, to = self.held[command["port"]], tuple(command["to"])
        self.queue(command, [functools.partial(udp.sendto, unb64(text), to) for text in command["d"]])

    def send(self, command: Command) -> None:
        sender = self.raw_socket(command["source"])
        packets = [unb64(text) for text in command["packets"]]
        self.queue(command, [functools.partial(sender.sendto, data, (address_of(data), 0)) for data in packets])

    def queue(self, command: Command, actions: Sequence[Action]) -> None:
        rate = 1 / max(command.get("interval", 0.001), 1 / FASTEST)
        self.jobs.append(Sending(self, command, ((-1, action) for action in actions), rate, "sent"))

    def sweep(self, command: Command) -> None:
        shots = sweep_shots(command, self.raw_socket(command["source"]))
        self.jobs.append(Sending(self, command, shots, command["rate"], "swept"))

    def connect(self, command: Command) -> None:
        self.jobs.append(Connects(self, command))

    def udp(self, command: Command) -> None:
        self.jobs.append(Datagrams(self, command))

    def cancel(self, _command: Command) -> None:
        for job in self.jobs:
            job.cancel()
        del self.jobs[:]

    def listen(self, command: Command) -> None:
        if self.capture is not None:
            self.capture.close()
        self.capture = Capture(self, command["filter"], command.get("caplen", 256))
        self.emit("listening", id=command.get("id"))

    def execute(self, command: Command) -> None:
        number, argv = command.get("id"), command["argv"]
        path = shutil.which("nmap", path=SEARCH)
        if argv[0] != "nmap" or path is None:
            self.emit("exited", id=number, status=127, error="nmap is not installed there")
        else:
            self.children[number] = Child(self, number, [path, *argv[1:]])

    def kill(self, command: Command) -> None:
        if command.get("target") in self.children:
            self.children[command["target"]].end()

    def ping(self, command: Command) -> None:
        self.emit("pong", id=command.get("id"), t=time.time(), dropped=self.dropped())

    def bye(self, _command: Command) -> None:
        self.leave()

    # -- what they share

    def emit(self, event: str, **fields: Any) -> None:
        fields["e"] = event
        self.out.extend(json.dumps(fields, separators=(",", ":")).encode() + b"\n")

    def raw_socket(self, source: str) -> socket.socket:
        if source not in self.raw_sockets:
            sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            sender.bind((source, 0))
            self.raw_sockets[source] = sender
        return self.raw_sockets[source]

    def flush_heard(self) -> None:
        if self.capture is not None:
            self.capture.read()

    def dropped(self) -> int:
        return self.capture.dropped() if self.capture is not None else 0

    # -- the loop

    def run(self) -> None:
        os.set_blocking(1, False)
        self.selector.register(0, selectors.EVENT_READ, self.read_commands)
        self.out.extend(b"\n")  # a login shell may have left a line without an end
        self.hello({})
        while True:
            self.flush()
            crowded = len(self.out) > MAX_OUT  # then nothing but commands is read until the near end has caught up
            for key, _ in self.selector.select(self.patience()):
                if key.fileobj == 0 or not crowded:
                    key.data()
            if crowded:
                time.sleep(0.001)
            now = time.monotonic()
            self.step_jobs(now)
            if now - self.input_at > IDLE:
                self.leave()

    def patience(self) -> float:
        """Seconds until there is something to do even if nothing comes in."""
        rate = next((job.pacer.rate for job in self.jobs if job.sending), None)
        if rate is not None:
            return 0.0 if rate > 2000 else 0.001  # noqa: PLR2004
        return 0.002 if self.out else 0.02 if self.jobs else 0.25

    def read_commands(self) -> None:
        try:
            data = os.read(0, 1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.leave()
        self.input_at = time.monotonic()
        self.incoming.extend(data)
        *lines, self.incoming = self.incoming.split(b"\n")
        for line in lines:
            if line.strip():
                self.perform(line)
        if len(self.incoming) > MAX_COMMAND:
            self.leave()

    def perform(self, line: Packet) -> None:
        command: Command = {}
        try:
            command = json.loads(line)
            COMMANDS[command["op"]](self, command)
        except FAULTS as error:
            self.complain(command, error)

    def complain(self, command: Any, error: BaseException) -> None:
        asked = command if isinstance(command, dict) else {}
        said = getattr(error, "strerror", None) or "%s: %s" % (type(error).__name__, error)
        self.emit("error", id=asked.get("id"), op=asked.get("op"), error=said)

    def step_jobs(self, now: float) -> None:
        """The first job that still sends is the last one to be stepped; those before it wait for answers."""
        for job in list(self.jobs):
            try:
                over = job.step(now)
            except FAULTS as error:  # a packet too short for an address, a port that is none
                self.complain(job.command, error)
                job.cancel()
                over = True
            if over:
                self.jobs.remove(job)
            if job.sending:
                break

    def flush(self) -> None:
        while self.out:
            try:
                written = os.write(1, memoryview(self.out)[:65536])
            except BlockingIOError:
                return
            except OSError:
                self.leave()
                return
            del self.out[:written]

    def leave(self, *_signal: Any) -> None:
        for child in list(self.children.values()):
            child.end()
        os._exit(0)


COMMANDS = {
    "hello": Stub.hello,
    "route": Stub.route,
    "reserve": Stub.reserve,
    "hold": Stub.hold,
    "mute": Stub.mute,
    "absorb": Stub.absorb,
    "datagram": Stub.datagram,
    "listen": Stub.listen,
    "send": Stub.send,
    "sweep": Stub.sweep,
    "connect": Stub.connect,
    "udp": Stub.udp,
    "exec": Stub.execute,
    "kill": Stub.kill,
    "cancel": Stub.cancel,
    "ping": Stub.ping,
    "bye": Stub.bye,
}


def main() -> None:
    if sys.platform == "linux":
        try:
            import resource  # noqa: PLC0415

            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
        except (ImportError, ValueError, OSError):
            pass
    stub = Stub(globals().get("said", ""))  # set by the loader that tried sudo
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stub.leave)
    stub.run()


main()
