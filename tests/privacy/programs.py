"""Debian's own network programs, for tests that hold our reading against theirs.

They are taken where they are installed, or from packages that were unpacked (never installed: on a real machine
NetworkManager would take over its interfaces) below the directory that V6EXPOSE_TEST_DEBIAN names:

    apt-get download network-manager libnm0 libndp0 libmm-glib0 libbluetooth3 libteamdctl0 libnewt0.52 \\
        netplan.io libnetplan0 udev && for one in *.deb; do dpkg -x "$one" DIRECTORY; done
"""

import os
from pathlib import Path

UNPACKED = os.environ.get("V6EXPOSE_TEST_DEBIAN", "")


def program(*paths: str) -> list[str] | None:
    """The argv that starts the first of these that is there; None where none is."""
    for path in paths:
        if Path(path).is_file():
            return [path]
        inside = Path(UNPACKED) / path.lstrip("/")
        if UNPACKED and inside.is_file():
            libraries = sorted({str(one.parent) for one in Path(UNPACKED).glob("**/lib*.so*")})
            return ["env", f"LD_LIBRARY_PATH={':'.join(libraries)}", str(inside)]
    return None
