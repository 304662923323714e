"""Runs the far nmap as if it were a local program: argv through, both outputs and the exit status back.

python-nmap is given an executable written by ``write_shim``; it opens a session of its own (over ssh it shares the
first one's login), lets the stub run nmap there, and copies standard output as it comes to V6EXPOSE_NMAP_TEE, so that a
killed run keeps what was measured. When this process dies, the far nmap dies with its stub.
"""

import base64
import os
import select
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from scanner.model.errors import ScanError
from scanner.vantage.session import Event, Session, open_session
from scanner.vantage.spec import Spec, parse_spec

TEE = "V6EXPOSE_NMAP_TEE"
NOT_FOUND = 127
FAILED = 1
KILLED = 128  # plus the signal's number, as shells say it


def write_shim(directory: Path, spec: Spec, control_path: Path | None) -> Path:
    """An executable in ``directory`` that is nmap at ``spec``."""
    words = [sys.executable, "-P", "-m", "scanner.vantage.nmap_shim", str(spec), str(control_path or "-")]
    shim = directory / "nmap"
    shim.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    shim.chmod(0o700)
    return shim


def main(argv: Sequence[str]) -> int:
    """``argv`` is SPEC, the path of the shared ssh connection or ``-``, and nmap's own words."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(KILLED + signal.SIGTERM))  # so that the session is closed
    spec, control, *arguments = argv
    try:
        session = open_session(parse_spec(spec), None if control == "-" else Path(control))
    except ScanError as error:
        sys.stderr.write(f"{error}\n")
        return NOT_FOUND
    try:
        return relay(session, arguments, os.environ.get(TEE))
    except ScanError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except BrokenPipeError:  # nobody listens any more
        return KILLED + signal.SIGPIPE
    finally:
        session.close()


def relay(session: Session, arguments: Sequence[str], tee: str | None) -> int:
    """Run nmap over there; returns its exit status. Raises IncompleteError when the connection is lost."""
    session.submit({"op": "exec", "id": 1, "argv": ["nmap", *arguments]})
    # -V is python-nmap asking for the version: no part of the measurement.
    with open(tee if tee and list(arguments) != ["-V"] else os.devnull, "ab", buffering=0) as copy:  # noqa: PTH123
        while True:
            select.select([session.fileno()], [], [], 1.0)
            for event in session.receive():
                if event["e"] == "output":
                    _write(event, copy)
                elif event["e"] in ("exited", "error"):
                    return _status(event)


def _status(event: Event) -> int:
    if event.get("error"):
        sys.stderr.write(f"nmap: {event['error']}\n")
    status = int(event.get("status", NOT_FOUND))
    return status if status >= 0 else KILLED - status


def _write(event: Event, copy: BinaryIO) -> None:
    data = base64.b64decode(str(event["d"]))
    if event["stream"] == 1:
        copy.write(data)
    target = sys.stdout.buffer if event["stream"] == 1 else sys.stderr.buffer
    target.write(data)
    target.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
