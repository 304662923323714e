"""A process that stores run after run and says each number once it is committed: ``python -m tests.store.saver``.

Each run has evidence of ``size`` bytes a finding that no other run shares.
"""

import secrets
import sys
from dataclasses import replace

from scanner.model.errors import ScanError
from scanner.store import open_store
from tests.store.history import run_on


def main(path: str, name: str, count: int, size: int) -> None:
    store = open_store(path)
    print("ready", flush=True)  # noqa: T201
    for day in range(count):
        run = run_on(day, fixed=bool(day % 2), host=name)
        evidence = tuple(replace(one, evidence=secrets.token_hex(size)) for one in run.findings)
        try:
            print(store.save(replace(run, findings=evidence)), flush=True)  # noqa: T201
        except ScanError as error:
            print(f"v6expose: {error}", flush=True)  # noqa: T201
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
