"""Run a program that reads something of this system, and hand over what it wrote."""

import subprocess
from collections.abc import Sequence

from scanner.model.errors import EnvironmentFault

SECONDS = 5.0


def run_command(argv: Sequence[str], remedy: str, seconds: float = SECONDS) -> str:
    """Its standard output. Raises EnvironmentFault naming the command where it fails, is missing or takes too long."""
    command = " ".join(argv)
    try:
        done = subprocess.run(argv, capture_output=True, timeout=seconds, check=True)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise EnvironmentFault(f"`{command}` fails ({said or f'exit status {error.returncode}'})", remedy) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentFault(f"`{command}` cannot be run ({error})", remedy) from error
    return done.stdout.decode(errors="replace")
