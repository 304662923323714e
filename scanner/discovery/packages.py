"""Which package a running program came with: dpkg or rpm, whichever there is. Asked once a scan, never guessed."""

import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import psutil

from scanner.model.address import Listener

_SECONDS = 15.0
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_MERGED = ("/bin/", "/sbin/", "/lib/")  # where packages from before the merge of / and /usr say their files are


def with_packages(listeners: Iterable[Listener]) -> tuple[Listener, ...]:
    """The same listeners, the package named where it is known."""
    given = tuple(listeners)
    packages = packages_of(frozenset(one.process for one in given if one.process))
    return tuple(replace(one, package=packages.get(one.process, "")) for one in given)


def packages_of(names: Collection[str]) -> Mapping[str, str]:
    """Program name -> package, for the programs that run now and all come from one."""
    programs = _programs(names)
    owners = owners_of(frozenset().union(*programs.values()))
    found = {name: {owners.get(path, "") for path in paths} for name, paths in programs.items()}
    return {name: package for name, packages in found.items() if len(packages) == 1 and (package := min(packages))}


def owners_of(paths: Collection[str]) -> Mapping[str, str]:
    """File -> package."""
    if not paths:
        return {}
    for ask in (_by_dpkg, _by_rpm):
        try:
            return ask(sorted(paths))
        except (OSError, subprocess.SubprocessError):
            continue
    return {}


def read_dpkg(output: str) -> dict[str, str]:
    """File -> package, from ``dpkg-query --search``: ``package[:architecture][, ...]: file`` a line."""
    found: dict[str, str] = {}
    for line in output.splitlines():
        packages, colon, path = line.partition(": ")
        if colon and path.startswith("/") and not packages.startswith("diversion by "):
            found.setdefault(path, packages.partition(",")[0].partition(":")[0])
    return found


def _programs(names: Collection[str]) -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for process in psutil.process_iter():
        try:
            name = process.name().encode("utf-8", "backslashreplace").decode()
            if name in names and (path := process.exe()):
                found[name].add(path.removesuffix(" (deleted)"))
        except psutil.Error:
            continue
    return {name: frozenset(paths) for name, paths in found.items()}


def _by_dpkg(paths: list[str]) -> dict[str, str]:
    aliases = {alias: path for path in paths for alias in _aliases(path)}
    found = read_dpkg(_run(["dpkg-query", "--search", *aliases]))
    return {aliases[path]: package for path, package in found.items() if path in aliases}


def _aliases(path: str) -> tuple[str, ...]:
    """The file under both of its names on a system where /bin is /usr/bin."""
    short = path.removeprefix("/usr")
    return (path, short) if short.startswith(_MERGED) else (path,)


def _by_rpm(paths: list[str]) -> dict[str, str]:
    found = {}
    for path in paths:
        name = _run(["rpm", "--query", "--file", "--queryformat", "%{NAME}\n", path]).strip().splitlines()
        if name and " " not in name[0]:  # "file ... is not owned by any package"
            found[path] = name[0]
    return found


def _run(argv: list[str]) -> str:
    """What it says; that a file belongs to no package is said by the exit status, which is no failure here."""
    done = subprocess.run(argv, capture_output=True, timeout=_SECONDS, check=False, env={"LC_ALL": "C", "PATH": _PATH})
    return done.stdout.decode("utf-8", "replace")
