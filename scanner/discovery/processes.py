"""Which program holds a socket: /proc/PID/fd for the inode, psutil for the name."""

import os
from collections.abc import Collection, Iterator

import psutil

INIT = 1  # socket activation: init holds the socket beside the service


def names_by_inode(inodes: Collection[int]) -> dict[int, str]:
    """Inode -> program name, for those whose holder may be read; root may read every one of its PID namespace.

    Several processes can hold one socket: the oldest but init names it.
    """
    holders: dict[int, set[int]] = {}
    for pid in psutil.pids():
        for inode in _sockets_of(pid):
            if inode in inodes:
                holders.setdefault(inode, set()).add(pid)
    return {inode: _name_of(min(pids, key=_age_first)) for inode, pids in holders.items()}


def _age_first(pid: int) -> tuple[bool, float, int]:
    """For sorting: the oldest first, init last. Numbers alone tell no age: they begin anew after pid_max."""
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        started = float("inf")
    return pid == INIT, started, pid


def _sockets_of(pid: int) -> Iterator[int]:
    """The inodes of a process's sockets; none where it is gone or not ours to read."""
    directory = f"/proc/{pid}/fd"
    try:
        descriptors = os.listdir(directory)  # noqa: PTH208  (a Path for each of 10,000 descriptors is slow)
    except OSError:
        return
    for descriptor in descriptors:
        try:
            target = os.readlink(f"{directory}/{descriptor}")  # noqa: PTH115
        except OSError:
            continue
        if target.startswith("socket:["):
            yield int(target[8:-1])


def _name_of(pid: int) -> str:
    try:
        name: str = psutil.Process(pid).name()  # bytes that are no UTF-8 come as lone surrogates
        return name.encode("utf-8", "backslashreplace").decode()
    except psutil.Error:
        return ""
