"""How the stub gets to run: a small loader as ``python3 -c``, then the stub, compressed, over standard input.

Nothing is written over there. ``-I``: no file in the far home directory may pose as a module of the standard library.
"""

import zlib
from functools import cache
from importlib import resources

OLDEST_PYTHON = (3, 8)
TOO_OLD = "is older than v6expose needs"

LOADER = """import os,sys,zlib
sys.version_info>=%r or sys.exit("python %%d.%%d %s"%%sys.version_info[:2])
n,d=%d,bytes()
while len(d)<n:
 c=os.read(0,n-len(d))
 if len(c)<1: os._exit(0)
 d+=c
exec(compile(zlib.decompress(d),"v6expose-stub","exec"))
"""

# Where the far login is not root: the loader through `sudo -n` (never a password prompt), else without privilege.
# The loader is argv[1]; `said` tells the stub why sudo would not.
SUDO_FIRST = """import os,shutil,subprocess,sys
s,n=sys.argv[1],subprocess.DEVNULL
p,q,said=sys.executable or "python3",shutil.which("sudo"),""
def v(*a): return [q,"-n",p,"-I",*a]
if os.geteuid():
 try: r=subprocess.run(v("-c",""),stdin=n,stdout=n,stderr=subprocess.PIPE,timeout=15) if q else None
 except (OSError,subprocess.SubprocessError) as e: said="sudo: %s"%e
 else:
  if r and r.returncode<1: os.execv(q,v("-uc",s))
  said=" ".join(r.stderr.decode("utf-8","replace").split())[-200:] if r else "sudo is not installed there"
exec(s)
"""


@cache
def compressed_stub() -> bytes:
    """The stub's source, zlib-compressed: what is sent right after the loader has started."""
    return zlib.compress(resources.files("scanner.vantage").joinpath("stub.py").read_bytes(), 9)


def stub_argv(*, try_sudo: bool) -> tuple[str, ...]:
    """The far command: needs nothing there but python3 on the PATH."""
    loader = one_line(LOADER % (OLDEST_PYTHON, TOO_OLD, len(compressed_stub())))
    code = (one_line(SUDO_FIRST), loader) if try_sudo else (loader,)
    return ("python3", "-Iuc", *code)


def one_line(code: str) -> str:
    """The same program on one line, without what some login shell gives a meaning even inside single quotes.

    csh wants no newline and no exclamation mark there, fish no doubled backslash.
    """
    assert "\\" not in code  # noqa: S101  (ours, and it would double)
    for character in "\n\"'!":
        code = code.replace(character, f"\\x{ord(character):02x}")
    return f'exec("{code}")'
