"""Run a program that reads something of this system, and hand over what it wrote."""

import subprocess
from collections.abc import Sequence

from scanner.model.errors import EnvironmentFault
from scanner.model.text import say

SECONDS = 5.0


def run_command(argv: Sequence[str], remedy: str, seconds: float = SECONDS) -> str:
    """Its standard output. Raises EnvironmentFault naming the command where it fails, is missing or takes too long."""
    command = " ".join(argv)
    try:
        done = subprocess.run(argv, capture_output=True, timeout=seconds, check=True)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise EnvironmentFault(
            say(
                "`{command}` fails ({said})",
                command=command,
                said=said or say("exit status {status}", status=error.returncode),
            ),
            remedy,
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFault(say("`{command}` cannot be run ({why})", command=command, why=error), remedy) from error
    return done.stdout.decode(errors="replace")
