"""The one module that imports apprise: a process of its own, ``python -P -m scanner.notify.child``.

Standard input: ``{"seconds": 10, "services": [{"url": ..., "title": ..., "body": ..., "tone": ...}, ...]}``; without
``"title"`` nothing is sent. Standard output: lines of ``{"index": 0, "service": "ntfy"}`` (null: no service of
apprise), then, as each of them ends, ``{"index": 0, "why": "sent"}`` or another word of ``WHY``.

What apprise and the libraries below it log may hold URLs, passwords and answers of strangers. It is read here for the
word that says why, and thrown away with the process; nothing of it is written anywhere.
"""

from __future__ import annotations

import contextvars
import json
import logging
import os
import re
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

SENT, FAILED, HTTP = "sent", "failed", "http-"
SOCKET_SECONDS = 8.0  # for each step of a service; all of it ends after "seconds"
# The first that occurs in what was logged is why.
WHY: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("refused", re.compile(r"connection refused|errno 111", re.IGNORECASE)),
    ("name", re.compile(r"name or service not known|getaddrinfo|name resolution|nodename nor servname", re.IGNORECASE)),
    ("certificate", re.compile(r"certificate|sslerror|ssl:|tls", re.IGNORECASE)),
    ("login", re.compile(r"authenticat|\b53[045]\b.*(?:credential|password|username)|\b401\b", re.IGNORECASE)),
    ("slow", re.compile(r"timed out|timeout", re.IGNORECASE)),
    ("unreachable", re.compile(r"unreachable|no route to host", re.IGNORECASE)),
    ("hung-up", re.compile(r"closed connection|connection (?:unexpectedly closed|aborted|reset)", re.IGNORECASE)),
)
_STATUS = re.compile(r"error=([1-5]\d\d)\b")  # how apprise words an HTTP status

_heard: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("heard", default=None)


class Ear(logging.Handler):
    """Keeps what is logged while one service is told, in memory. Threads that apprise starts carry the context on."""

    def emit(self, record: logging.LogRecord) -> None:
        heard = _heard.get()
        if heard is not None:
            heard.append(record.getMessage())


def why_of(heard: list[str]) -> str:
    """A word, never a text: what was logged may hold secrets."""
    text = "\n".join(heard)
    status = _STATUS.search(text)
    if status:
        return f"{HTTP}{status[1]}"
    return next((word for word, pattern in WHY if pattern.search(text)), FAILED)


def tell_all(given: str, out: TextIO) -> None:
    """Answer ``given`` on ``out``. Threads of services that did not end in time live on: end the process after it."""
    asked = json.loads(given)
    services = asked["services"]
    loaded = [load(one["url"]) for one in services]
    lock = threading.Lock()

    def tell(**line: Any) -> None:
        with lock:
            out.write(json.dumps(line) + "\n")
            out.flush()

    for index, service in enumerate(loaded):
        tell(index=index, service=None if service is None else str(service.service_name))
    threads = [
        threading.Thread(target=lambda i=i, s=s: tell(index=i, why=send(s, services[i])), daemon=True)
        for i, s in enumerate(loaded)
        if s is not None and "title" in services[i]
    ]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + float(asked["seconds"])
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    lock.acquire()  # nobody adds to it any more, and no line is cut in two


def listen() -> None:
    """Every logger ends in the ear; the standard streams of whoever started us are not for apprise to write to."""
    warnings.simplefilter("ignore")
    root = logging.getLogger()
    root.handlers[:] = [Ear()]
    root.setLevel(logging.DEBUG)
    import apprise  # noqa: F401, PLC0415  (it sets a handler of its own)

    logger = logging.getLogger("apprise")
    logger.handlers[:] = []
    logger.propagate = True
    logger.setLevel(logging.DEBUG)


def load(url: str) -> NotifyBase | None:
    """None for what apprise does not know or cannot use."""
    from apprise import Apprise  # noqa: PLC0415

    service = Apprise.instantiate(url, asset=asset())
    if service is None:
        return None
    service.socket_connect_timeout = service.socket_read_timeout = SOCKET_SECONDS
    return service


def asset() -> AppriseAsset:
    """Nothing is kept on disk, and no picture is fetched from anybody by who reads the message."""
    from apprise import AppriseAsset  # noqa: PLC0415

    return AppriseAsset(
        app_id="v6expose",
        app_desc="v6expose",
        app_url="https://pypi.org/project/v6expose/",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        secure_logging=True,
    )


def send(service: NotifyBase, message: dict[str, str]) -> str:
    """Why it failed, or ``sent``."""
    from apprise import Apprise, NotifyFormat  # noqa: PLC0415

    heard: list[str] = []
    _heard.set(heard)
    one = Apprise(asset=service.asset)
    one.add(service)
    try:
        done = one.notify(
            body=message["body"],
            title=message["title"],
            notify_type=message["tone"],
            body_format=NotifyFormat.TEXT,
        )
    except Exception:  # noqa: BLE001  (a hundred plugins: whatever one of them raises is a message not sent)
        return why_of(heard)
    return SENT if done else why_of(heard)


if __name__ == "__main__":
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a plugin prints is no line of ours
    listen()
    tell_all(sys.stdin.read(), lines)
    os._exit(0)  # whatever still hangs ends here
