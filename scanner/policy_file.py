"""The policy file: TOML on disk becomes a Policy (scanner.findings.policy says what it holds)."""

import tomllib
from pathlib import Path

from scanner.findings.policy import Policy, parse_policy
from scanner.model.errors import InputError


def load_policy(path: Path) -> Policy:
    """Read and parse ``path``. Raises InputError naming the file, and the line where the TOML breaks."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise InputError(
            f"policy {path} cannot be read ({error.strerror})", "give a readable file to --policy"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"policy {path} is not UTF-8 text (line {line})", "save it as UTF-8") from error
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, and int() on a number of absurd length
        raise InputError(f"policy {path} is not TOML: {error}", "mend that line") from error
    except RecursionError as error:
        raise InputError(f"policy {path} is nested too deeply", "write flat [[allow]] tables") from error
    return parse_policy(document, str(path))
