"""The far end: one file, standard library, Python 3.8, run from memory. A dumb pipe for packets.

It reads commands as JSON lines from standard input and writes events as JSON lines to standard output. It builds and
judges nothing: packets come ready-made (or as one template with many ports) and go back as they were heard. It dies,
with its children, as soon as its standard input ends or stays silent for IDLE seconds.

Commands (every one may carry "id", which its events repeat):

    hello                                         -> hello: what this place can do
    route   to                                    -> routed: the source address the kernel picks towards "to"
    reserve address, count                        -> reserved: ports, held on TCP and UDP for this run
    hold    port                                  -> held: a reserved UDP port is read; datagram events follow
    datagram port, to, d, interval                -> sent (unprivileged controls, from a held port)
    listen  filter, caplen                        -> heard events: what reached this machine, as raw IPv6 packets
    send    source, packets, interval             -> sent
    sweep   source, template, port_at, token_at, token_len, checksum_at, key, salt, ports, rate, interleave -> swept
    connect source, port, address, ports, timeout, parallel -> connected events, then done (TCP without privilege)
    udp     port, address, ports, payloads, key, salt, rate, wait   -> udp events, then done (UDP without privilege)
    exec    argv (nmap only)                      -> output events, then exited
    kill    target; ping; bye
"""

import base64
import ctypes
import errno
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

IDLE = 90.0
MAX_COMMAND = 64 << 20
BATCH = 64
ETH_P_IPV6 = 0x86DD
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
IPV6_RECVERR = 25
MSG_ERRQUEUE = 0x2000
SEARCH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"])

out = bytearray()
heard = []
jobs = []
children = {}
held = {}
reserved = {}
raw_sockets = {}
capture = None
capture_length = 256
capture_dropped = 0
selector = selectors.DefaultSelector()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text)


def emit(event, **fields):
    fields["e"] = event
    out.extend(json.dumps(fields, separators=(",", ":")).encode() + b"\n")


def flush():
    while out:
        try:
            written = os.write(1, memoryview(out)[:65536])
        except BlockingIOError:
            return
        except OSError:
            leave()
        del out[:written]


def flush_heard():
    if heard:
        emit("heard", p=list(heard))
        del heard[:]


def leave():
    for child in list(children.values()):
        end_child(child["process"])
    os._exit(0)


def end_child(process):
    if process.poll() is None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except OSError:
                return
            for _ in range(20):
                if process.poll() is not None:
                    return
                time.sleep(0.01)


# ---- what this place can do


def raw_problem():
    """None where raw IPv6 sending and packet capture both work, else why not."""
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW).close()
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6)).close()
    except AttributeError:
        return "no packet sockets on " + platform.system()
    except OSError as error:
        return error.strerror or str(error)
    return None


def nmap_version():
    path = shutil.which("nmap", path=SEARCH)
    if path is None:
        return None
    try:
        text = subprocess.run([path, "-V"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20).stdout  # noqa: S603, PLW1510
    except (OSError, subprocess.SubprocessError):
        return None
    words = text.decode("ascii", "replace").split()
    return words[2] if len(words) > 2 and words[0] == "Nmap" else None  # noqa: PLR2004


def own_addresses():
    found = []
    try:
        with open("/proc/net/if_inet6") as table:
            for line in table:
                digits, _, length, scope, flags, name = line.split()
                if scope == "00" and not int(flags, 16) & 0x48:
                    ip = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
                    found.append([ip, int(length, 16), name])
    except (OSError, ValueError):
        pass
    return found


def hello(command):
    problem = raw_problem()
    emit(
        "hello",
        id=command.get("id"),
        protocol=1,
        python=platform.python_version(),
        system=platform.system(),
        euid=os.geteuid(),
        raw=problem is None,
        why=problem,
        nmap=nmap_version(),
        addresses=own_addresses(),
        clock=time.time(),
    )


def route(command):
    probe = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        probe.connect((command["to"], 9))
        emit("routed", id=command.get("id"), source=probe.getsockname()[0])
    except OSError as error:
        emit("routed", id=command.get("id"), source=None, error=error.strerror)
    finally:
        probe.close()


# ---- ports of this run


def bind_both(address):
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
        udp.setblocking(False)
        return tcp, udp
    raise OSError(errno.EADDRINUSE, "no free port")


def reserve(command):
    ports = []
    for _ in range(command["count"]):
        tcp, udp = bind_both(command["address"])
        ports.append(tcp.getsockname()[1])
        reserved[ports[-1]] = (tcp, udp)
    emit("reserved", id=command.get("id"), ports=ports)


def hold(command):
    port = command["port"]
    udp = reserved[port][1]
    held[port] = udp
    selector.register(udp, selectors.EVENT_READ, lambda: read_held(udp, port))
    emit("held", id=command.get("id"), port=port)


def read_held(udp, port):
    for _ in range(BATCH):
        try:
            data, sender = udp.recvfrom(2048)
        except OSError:
            return
        emit("datagram", port=port, **{"from": [sender[0], sender[1]]}, d=b64(data), t=time.time())


def datagram(command):
    udp = held[command["port"]]
    packets = [unb64(text) for text in command["d"]]
    to = tuple(command["to"])
    jobs.append(Job(command, [lambda data=data: udp.sendto(data, to) for data in packets], 1 / command["interval"], "sent"))


# ---- raw sending and listening


def raw_socket(source):
    if source not in raw_sockets:
        sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        sender.bind((source, 0))
        raw_sockets[source] = sender
    return raw_sockets[source]


def listen(command):
    global capture, capture_length
    capture_length = command.get("caplen", 256)
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IPV6))
    code = b"".join(struct.pack("HBBI", *row) for row in command["filter"])
    program = ctypes.create_string_buffer(code)
    fprog = struct.pack("HL", len(command["filter"]), ctypes.addressof(program))
    capture.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)
    try:
        capture.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    except OSError:
        capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    capture.setblocking(False)
    try:
        while True:  # what came in before the filter was there
            capture.recv(1)
    except OSError:
        pass
    selector.register(capture, selectors.EVENT_READ, read_capture)
    emit("listening", id=command.get("id"))


def read_capture():
    for _ in range(BATCH * 4):
        try:
            data = capture.recv(capture_length)
        except OSError:
            break
        heard.append([round(time.time(), 6), b64(data)])
    flush_heard()


def dropped():
    global capture_dropped
    if capture is not None:
        capture_dropped += struct.unpack("II", capture.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
    return capture_dropped


class Job:
    """Paced sending: a list of callables, or a generator of (port, callable); so many a second, then one event."""

    def __init__(self, command, actions, rate, event):
        self.command = command
        self.actions = enumerate(actions) if isinstance(actions, list) else actions
        self.rate = rate
        self.event = event
        self.started = None
        self.count = 0
        self.errors = {}
        self.failed = []

    def step(self, now):
        """Send what is due; True when all is sent."""
        if self.started is None:
            self.started = now
            self.wall = time.time()
        due = min(BATCH, int((now - self.started) * self.rate) + 1 - self.count)
        for _ in range(due):
            item = next(self.actions, None)
            if item is None:
                self.finish()
                return True
            self.count += 1
            self.attempt(*item)
        behind = (now - self.started) * self.rate - self.count
        if behind > self.rate * 0.2:  # this machine cannot keep up: do not burst afterwards
            self.started = now - self.count / self.rate
        return False

    def attempt(self, key, action):
        for _ in range(20):
            try:
                action()
                return
            except OSError as error:
                if error.errno not in (errno.ENOBUFS, errno.EAGAIN):
                    self.fail(key, error)
                    return
                last = error
                time.sleep(0.001)
        self.fail(key, last)

    def fail(self, key, error):
        name = errno.errorcode.get(error.errno, str(error.errno))
        self.errors[name] = self.errors.get(name, 0) + 1
        if key >= 0:
            self.failed.append(key)

    def finish(self):
        flush_heard()
        emit(
            self.event,
            id=self.command.get("id"),
            n=self.count,
            errors=self.errors,
            failed=self.failed,
            t0=self.wall,
            t1=time.time(),
            dropped=dropped(),
        )


def send(command):
    sender = raw_socket(command["source"])
    packets = [unb64(text) for text in command["packets"]]
    actions = [lambda data=data: sender.sendto(data, (address_of(data), 0)) for data in packets]
    jobs.append(Job(command, actions, 1 / max(command.get("interval", 0.001), 1e-6), "sent"))


def address_of(packet):
    return socket.inet_ntop(socket.AF_INET6, packet[24:40])


def token_of(key, salt, port):
    """Eight bytes that only this run knows: the first is the TCP sequence number, the last 20 bits the flow label."""
    return hashlib.blake2s(salt + port.to_bytes(2, "big"), key=key, digest_size=8).digest()


def fold(total):
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def base_sum(packet, transport):
    """Internet checksum of pseudo header and transport, not yet complemented (RFC 8200 section 8.1)."""
    length = len(packet) - 40
    body = packet[8:40] + struct.pack("!II", length, transport) + packet[40:]
    body += b"\0" * (len(body) % 2)
    return sum(struct.unpack("!%dH" % (len(body) // 2), body))


def sweep_actions(command):
    template = bytearray(unb64(command["template"]))
    key, salt = bytes.fromhex(command["key"]), bytes.fromhex(command["salt"])
    ports = struct.unpack("!%dH" % (len(unb64(command["ports"])) // 2), unb64(command["ports"]))
    extra = [unb64(text) for text in command.get("interleave", ())]
    every = max(1, len(ports) // (len(extra) or 1))
    port_at, token_at, length, sum_at = (command[name] for name in ("port_at", "token_at", "token_len", "checksum_at"))
    transport = template[6]
    base = base_sum(template, transport)
    sender = raw_socket(command["source"])
    to = (address_of(bytes(template)), 0)
    flow = template[0] << 24 | template[1] << 16

    def one(port):
        token = token_of(key, salt, port)
        words = token[:length]
        struct.pack_into("!I", template, 0, flow & 0xFFF00000 | int.from_bytes(token[4:], "big") & 0xFFFFF)
        struct.pack_into("!H", template, port_at, port)
        template[token_at : token_at + length] = words
        total = fold(base + port + sum(struct.unpack("!%dH" % (length // 2), words)))
        struct.pack_into("!H", template, sum_at, (0xFFFF - total) or 0xFFFF)
        sender.sendto(template, to)

    def control(data):
        sender.sendto(data, (address_of(data), 0))

    for index, port in enumerate(ports):
        if index % every == 0 and extra:
            data = extra.pop()
            yield -1, lambda data=data: control(data)
        yield port, lambda port=port: one(port)
    while extra:
        data = extra.pop()
        yield -1, lambda data=data: control(data)


def sweep(command):
    jobs.append(Job(command, sweep_actions(command), command["rate"], "swept"))


# ---- without privilege: connect() and plain UDP


class Connects:
    """TCP connect() to many ports, a bounded number at once."""

    UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EPROTO, errno.ENOPROTOOPT)
    STATES = {0: "open", errno.ECONNREFUSED: "refused", errno.EACCES: "prohibited", errno.EPERM: "prohibited"}

    def __init__(self, command):
        self.command = command
        self.ports = list(command["ports"])[::-1]
        self.open = {}

    def step(self, now):
        for sock, (port, deadline) in list(self.open.items()):
            if now > deadline:
                self.close(sock, port, "timeout", 0)
        room = min(BATCH, self.command.get("parallel", 256) - len(self.open))
        for _ in range(room):
            if not self.ports:
                break
            self.start(self.ports.pop(), now)
        if not self.ports and not self.open:
            emit("done", id=self.command.get("id"))
            return True
        return False

    def start(self, port, now):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.command["source"], self.command["port"]))
            code = sock.connect_ex((self.command["address"], port))
        except OSError as error:
            code = error.errno
        if code not in (0, errno.EINPROGRESS):
            self.open[sock] = (port, now)
            self.close(sock, port, None, code)
            return
        self.open[sock] = (port, now + self.command.get("timeout", 3.0))
        selector.register(sock, selectors.EVENT_WRITE, lambda: self.ready(sock, port))

    def ready(self, sock, port):
        self.close(sock, port, None, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def close(self, sock, port, state, code):
        try:
            selector.unregister(sock)
        except (KeyError, ValueError):
            pass
        del self.open[sock]
        if state is None:
            state = self.STATES.get(code, "unreachable" if code in self.UNREACHABLE else "failed")
        if state == "open":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        name = errno.errorcode.get(code, "") if code else ""
        emit("connected", id=self.command.get("id"), port=port, state=state, error=name, t=time.time())


class Datagrams:
    """Plain UDP to many ports from one socket; ICMPv6 errors come back through its error queue."""

    def __init__(self, command):
        self.command = command
        self.key, self.salt = bytes.fromhex(command["key"]), bytes.fromhex(command["salt"])
        self.payloads = {int(port): unb64(text) for port, text in command.get("payloads", {}).items()}
        self.udp = reserved[command["port"]][1]
        if sys.platform == "linux":
            self.udp.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        self.inner = Job(dict(command, id=None), self.actions(), command.get("rate", 200), "sent")
        self.until = None
        selector.register(self.udp, selectors.EVENT_READ, self.read)

    def actions(self):
        for port in self.command["ports"]:
            yield port, lambda port=port: self.one(port)

    def one(self, port):
        data = self.payloads.get(port) or token_of(self.key, self.salt, port)
        try:
            self.udp.sendto(data, (self.command["address"], port))
        except OSError as error:  # an error of an earlier datagram is reported on the next call
            if error.errno not in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EACCES, errno.ENETUNREACH):
                raise
            self.udp.sendto(data, (self.command["address"], port))

    def read(self):
        for receive in (self.read_answer, self.read_error):
            for _ in range(BATCH):
                try:
                    receive()
                except OSError:
                    break

    def read_answer(self):
        data, sender = self.udp.recvfrom(2048)
        emit("udp", id=self.command.get("id"), kind="answer", address=sender[0], port=sender[1], d=b64(data[:512]), t=time.time())

    def read_error(self):
        _, ancillary, _, to = self.udp.recvmsg(1500, 1024, MSG_ERRQUEUE)
        for level, kind, data in ancillary:
            if level == socket.IPPROTO_IPV6 and kind == IPV6_RECVERR and len(data) >= 16 + 28:
                origin, number, code = data[4], data[5], data[6]
                if origin == 3:  # noqa: PLR2004  SO_EE_ORIGIN_ICMP6
                    offender = socket.inet_ntop(socket.AF_INET6, data[16 + 8 : 16 + 24])
                    emit("udp", id=self.command.get("id"), kind="icmp", type=number, code=code, address=offender, port=to[1], t=time.time())

    def step(self, now):
        if self.until is None:
            if self.inner.step(now):
                self.until = now + self.command.get("wait", 2.0)
            return False
        if now < self.until:
            return False
        self.read()
        selector.unregister(self.udp)
        emit("done", id=self.command.get("id"))
        return True


# ---- nmap


def die_with_parent():
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    except (OSError, AttributeError):
        pass


def execute(command):
    argv = command["argv"]
    path = shutil.which(argv[0], path=SEARCH)
    if argv[0] != "nmap" or path is None:
        emit("exited", id=command.get("id"), status=127, error="nmap is not installed here")
        return
    process = subprocess.Popen(  # noqa: S603
        [path] + argv[1:],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )
    child = {"process": process, "open": 2, "id": command.get("id")}
    children[command.get("id")] = child
    for number, stream in ((1, process.stdout), (2, process.stderr)):
        os.set_blocking(stream.fileno(), False)
        selector.register(stream, selectors.EVENT_READ, lambda stream=stream, number=number: read_child(child, stream, number))


def read_child(child, stream, number):
    try:
        data = os.read(stream.fileno(), 65536)
    except BlockingIOError:
        return
    if data:
        emit("output", id=child["id"], stream=number, d=b64(data))
        return
    selector.unregister(stream)
    stream.close()
    child["open"] -= 1
    if not child["open"]:
        status = child["process"].wait()
        children.pop(child["id"], None)
        emit("exited", id=child["id"], status=status)


def kill(command):
    if command.get("target") in children:
        end_child(children[command["target"]]["process"])


# ---- the loop

COMMANDS = {
    "hello": hello,
    "route": route,
    "reserve": reserve,
    "hold": hold,
    "datagram": datagram,
    "listen": listen,
    "send": send,
    "sweep": sweep,
    "connect": lambda command: jobs.append(Connects(command)),
    "udp": lambda command: jobs.append(Datagrams(command)),
    "exec": execute,
    "kill": kill,
    "cancel": lambda command: jobs.clear(),
    "ping": lambda command: emit("pong", id=command.get("id"), t=time.time(), dropped=dropped()),
    "bye": lambda command: leave(),
}


def perform(line):
    try:
        command = json.loads(line.decode())
    except ValueError:
        emit("error", id=None, op=None, error="not a JSON line")
        return
    try:
        COMMANDS[command["op"]](command)
    except (OSError, KeyError, ValueError, TypeError, struct.error) as error:
        emit("error", id=command.get("id"), op=command.get("op"), error="%s: %s" % (type(error).__name__, error))


def step_jobs(now):
    """The first job sends; jobs that wait for answers (Connects, Datagrams) go on beside it."""
    for job in list(jobs):
        if job.step(now):
            jobs.remove(job)
        if isinstance(job, Job):
            break


def main():
    if sys.platform == "linux":
        try:
            import resource  # noqa: PLC0415

            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
        except (ImportError, ValueError, OSError):
            pass
    os.set_blocking(1, False)
    buffer = bytearray()
    last = [time.monotonic()]

    def read_commands():
        data = os.read(0, 1 << 16)
        if not data:
            leave()
        last[0] = time.monotonic()
        buffer.extend(data)
        while b"\n" in buffer:
            line, _, rest = bytes(buffer).partition(b"\n")
            buffer[:] = rest
            if line.strip():
                perform(line)
        if len(buffer) > MAX_COMMAND:
            leave()

    selector.register(0, selectors.EVENT_READ, read_commands)
    hello({})
    while True:
        flush()
        waiting = 0.002 if out else 0.25
        if jobs:
            waiting = 0.0 if isinstance(jobs[0], Job) and jobs[0].rate > 2000 else 0.001  # noqa: PLR2004
        for key, _ in selector.select(waiting):
            key.data()
        now = time.monotonic()
        step_jobs(now)
        if now - last[0] > IDLE:
            leave()


for _number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(_number, lambda *_: leave())
main()
