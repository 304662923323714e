"""One scan of this host at a time: a file lock that the kernel drops when its holder dies, however it dies."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

NAME = "scan.lock"


def lock_file(environ: Mapping[str, str] = os.environ) -> Path:
    """In the state directory, where the store is too."""
    state = Path(environ.get("XDG_STATE_HOME", ""))
    return (state if state.is_absolute() else Path("~/.local/state").expanduser()) / "v6expose" / NAME


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """False while another holds the lock: then nothing is held here. Raises EnvironmentFault for an unusable place."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EnvironmentFault(
            say("{path} cannot be locked ({why})", path=path, why=error.strerror),
            say("set XDG_STATE_HOME to a place of yours"),
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
