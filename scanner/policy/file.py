"""The policy file on disk: read, and replaced whole."""

import contextlib
import os
import tempfile
from pathlib import Path

from scanner.model.errors import InputError
from scanner.model.text import say
from scanner.policy.parse import parse_policy
from scanner.policy.values import Policy


def load_policy(path: Path, host: str | None = None) -> Policy:
    """Read and parse ``path``, which has to be for ``host`` (None: for any). Raises InputError, or InputErrors naming
    every mistake with its line.
    """
    return parse_policy(read_text(path), str(path), host)


def read_text(path: Path) -> str:
    """The file's text with its line ends as they are. Raises InputError naming the file."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        remedy = say("give a readable file, or make one: v6expose policy init --from-run RUN > policy.toml")
        raise InputError(say("policy {path} cannot be read ({why})", path=path, why=error.strerror), remedy) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(say("{path}:{line}: not UTF-8 text", path=path, line=line), say("save it as UTF-8")) from error


def replace_text(path: Path, text: str) -> None:
    """The new text in place of the old, whole or not at all, with the old file's mode and owner; through symbolic
    links. Raises InputError.
    """
    target = Path(os.path.realpath(path))
    try:
        old = target.stat()
        descriptor, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.")
        temporary = Path(made)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(stream.fileno(), old.st_mode & 0o777)
                with contextlib.suppress(PermissionError):
                    os.fchown(stream.fileno(), old.st_uid, old.st_gid)
                stream.write(text.encode())
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(target)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            say("policy {path} cannot be written ({why})", path=path, why=error.strerror),
            say("nothing in it was changed"),
        ) from error
