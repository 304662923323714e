"""Real servers on loopback, each in a thread: HTTP for webhooks and ntfy, SMTP for mail, and broken ones."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

SECRET = "hunter2-tk_s3cr3t"  # noqa: S105  (it must turn up nowhere)


@dataclass
class Web:
    """What was posted: path, headers, body."""

    port: int
    posts: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def json(self, index: int = -1) -> Any:
        return json.loads(self.posts[index][2])


@contextlib.contextmanager
def web(status: int = 200) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.posts.append((self.path, dict(self.headers), body))
            self.send_response(status)
            self.end_headers()
            # an answer that repeats the question, as the error pages of some services do
            self.wfile.write(f"{self.path} {self.headers.get('Authorization')} {body}".encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen = Web(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mail:
    port: int = 0
    messages: list[Message] = field(default_factory=list)

    async def handle_DATA(self, *about: Any) -> str:  # noqa: N802  (aiosmtpd's name: server, session, envelope)
        envelope = about[-1]
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@contextlib.contextmanager
def mail() -> Iterator[Mail]:
    seen = Mail()
    with closed_port() as port:
        seen.port = port
    controller = Controller(seen, hostname="127.0.0.1", port=seen.port)
    controller.start()
    try:
        yield seen
    finally:
        controller.stop()


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextlib.contextmanager
def hanging(drip: bytes = b"") -> Iterator[int]:
    """Takes the connection and does not answer, or a byte now and then, for ever."""
    ended = threading.Event()

    def drips(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while not ended.wait(0.2):
                connection.sendall(drip)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=drips, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def hook(port: int) -> str:
    return f"json://me:{SECRET}@127.0.0.1:{port}/hook"


def ntfy(port: int) -> str:
    return f"ntfy://me:{SECRET}@127.0.0.1:{port}/alerts"


def smtp(port: int) -> str:
    return f"mailto://127.0.0.1:{port}/?mode=insecure&from=v6expose@example.org&to=owner@example.org&name={SECRET}"
