"""How a program is asked. Tests give a function of their own."""

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
PATIENCE = 20.0  # seconds; a rule set of 100,000 rules takes a few


@dataclass(frozen=True, slots=True)
class Said:
    """What a program answered. ``status`` is its exit status, 127 where it is not installed."""

    status: int
    output: str
    errors: str = ""


NOT_INSTALLED = 127
Runner = Callable[[Sequence[str]], Said]


def run_command(argv: Sequence[str]) -> Said:
    """Run it and wait. Never raises: a program that is missing or hangs is a status and a line of ``errors``."""
    try:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
            env=environment(),
        )
    except FileNotFoundError:
        return Said(NOT_INSTALLED, "", f"{argv[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Said(1, "", f"{argv[0]} did not end within {PATIENCE:.0f} s")
    except OSError as error:
        return Said(1, "", f"{argv[0]}: {error.strerror}")
    return Said(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def environment() -> dict[str, str]:
    """Our own, with the administrator's programs on PATH and the programs' words in English."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}", "LC_ALL": "C"}
