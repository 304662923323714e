"""A file system tree, the host's own or another one, whose unusable files are named instead of raised."""

import stat
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from types import MappingProxyType

LARGEST = 1 << 20  # bytes of a configuration file that are looked at; more is no configuration
MOST_LINKS = 40  # Linux follows no more symbolic links in one path (path_resolution(7))


class Tree:
    """Files under ``root``; every path given and returned starts at that root. Links stay inside it.

    ``volatile`` False hides /run, which is emptied at boot (FHS 3.0 section 3.15). ``problems`` collects one line for
    each file or line that could not be used, in order, without repetition. ``overlay`` holds files as they would be
    after a change: path -> text.
    """

    def __init__(
        self, root: Path = Path("/"), *, volatile: bool = True, overlay: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.root = root
        self.volatile = volatile
        self.overlay = overlay
        self._problems: dict[str, None] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(self._problems)

    def complain(self, path: str, line: int | None, why: str) -> None:
        self._problems[f"{path}{'' if line is None else f':{line}'}: {why}"] = None

    def real(self, path: str) -> Path | None:
        """Where ``path`` is outside the tree, links followed inside it; None for what is hidden or loops."""
        parts = [part for part in PurePosixPath(path).parts if part != "/"]
        done: list[str] = []
        links = 0
        while parts:
            part = parts.pop(0)
            if part == "..":
                done = done[:-1]
                continue
            here = self.root.joinpath(*done, part)
            if not _is_link(here):
                done.append(part)
                continue
            links += 1
            if links > MOST_LINKS:
                return None
            target = PurePosixPath(here.readlink())
            if target.is_absolute():
                done = []
            parts = [one for one in target.parts if one != "/"] + parts
        if not self.volatile and done[:1] == ["run"]:
            return None
        return self.root.joinpath(*done)

    def read(self, path: str) -> str | None:
        """The text of a file, undecodable bytes as surrogates; None where there is none or it cannot be read."""
        if path in self.overlay:
            return self.overlay[path]
        real = self.real(path)
        if real is None:
            return None
        try:
            kind = real.stat().st_mode
            if real == self.root / "dev/null" or stat.S_ISCHR(kind):
                return ""
            if not stat.S_ISREG(kind):
                return None
            with real.open("rb") as stream:
                data = stream.read(LARGEST + 1)
        except FileNotFoundError:
            return "" if str(real) == str(self.root / "dev/null") else None
        except NotADirectoryError:
            return None
        except OSError as error:
            self.complain(path, None, f"cannot be read ({error.strerror}); run as root to see it")
            return None
        if len(data) > LARGEST:
            self.complain(path, None, f"is larger than {LARGEST} bytes; only the beginning was read")
        return data[:LARGEST].decode(errors="surrogateescape").removeprefix("\ufeff")

    def names(self, directory: str, pattern: str = "*") -> tuple[str, ...]:
        """Names in a directory that match, sorted by their bytes as strcmp(3) does; hidden ones left out."""
        coming = (path.rpartition("/") for path in self.overlay)
        found = {name for parent, _, name in coming if parent == directory}
        real = self.real(directory)
        try:
            found |= {entry.name for entry in real.iterdir()} if real else set()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self.complain(directory, None, f"cannot be listed ({error.strerror}); run as root to see it")
        fitting = (name for name in found if not name.startswith(".") and fnmatchcase(name, pattern))
        return tuple(sorted(fitting, key=lambda name: name.encode(errors="surrogateescape")))

    def exists(self, path: str) -> bool:
        if path in self.overlay:
            return True
        real = self.real(path)
        try:
            return real is not None and real.exists()
        except OSError:
            return False

    def mode(self, path: str) -> int | None:
        """The permission bits, None where the file cannot be looked at."""
        real = self.real(path)
        try:
            return stat.S_IMODE(real.stat().st_mode) if real else None
        except OSError:
            return None

    def is_masked(self, path: str) -> bool:
        """A link to /dev/null, the way to switch a file or a unit off."""
        here = self.root.joinpath(*PurePosixPath(path).parts[1:])
        return _is_link(here) and str(here.readlink()) == "/dev/null"

    def first_of_each_name(self, directories: Iterable[str], pattern: str) -> tuple[str, ...]:
        """systemd's rule: of files with the same name the first directory's stands; then all are sorted by name."""
        chosen: dict[str, str] = {}
        for directory in directories:
            for name in self.names(directory, pattern):
                chosen.setdefault(name, f"{directory}/{name}")
        return tuple(chosen[name] for name in sorted(chosen, key=lambda name: name.encode(errors="surrogateescape")))


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:
        return False
