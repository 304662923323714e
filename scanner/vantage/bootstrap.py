"""How the stub gets to run: a one-line loader as ``python3 -c``, then the stub, compressed, over standard input."""

import zlib
from functools import cache
from importlib import resources

LOADER = """import os,zlib
n,d=%d,b""
while len(d)<n:
 c=os.read(0,n-len(d))
 if not c: os._exit(0)
 d+=c
exec(compile(zlib.decompress(d),"v6expose-stub","exec"))
"""

# Where the far login is not root: try `sudo -n` (never a password prompt), else go on without privilege.
SUDO_FIRST = """import os,shutil,subprocess,sys
p,s,q=sys.executable or "python3",%r,shutil.which("sudo")
n=subprocess.DEVNULL
if os.geteuid() and q and not subprocess.call([q,"-n",p,"-c",""],stdin=n,stdout=n,stderr=n): os.execv(q,[q,"-n",p,"-uc",s])
exec(s)
"""


@cache
def compressed_stub() -> bytes:
    """The stub's source, zlib-compressed: what is sent right after the loader has started."""
    return zlib.compress(resources.files("scanner.vantage").joinpath("stub.py").read_bytes(), 9)


def stub_argv(*, try_sudo: bool) -> tuple[str, ...]:
    """The far command: needs nothing there but python3 on the PATH."""
    loader = LOADER % len(compressed_stub())
    return ("python3", "-uc", SUDO_FIRST % loader if try_sudo else loader)
