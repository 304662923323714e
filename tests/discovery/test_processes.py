"""Programs by the inodes of their sockets, on this very process and its children."""

import os
import socket
import subprocess
import sys

import psutil
import pytest

from scanner.discovery.processes import names_by_inode


def inode_of(one: socket.socket) -> int:
    return os.fstat(one.fileno()).st_ino


def test_our_own_socket_is_ours() -> None:
    with socket.socket(socket.AF_INET6) as one:
        inode = inode_of(one)
        assert {inode: psutil.Process().name()} == names_by_inode({inode})


def test_the_oldest_holder_names_a_shared_socket() -> None:
    with socket.socket(socket.AF_INET6) as one:
        child = subprocess.Popen(["sleep", "30"], pass_fds=[one.fileno()])
        try:
            assert {inode_of(one): psutil.Process().name()} == names_by_inode({inode_of(one)})
        finally:
            child.terminate()
            child.wait()


def test_a_socket_nobody_holds_any_more_has_no_name() -> None:
    with socket.socket(socket.AF_INET6) as one:
        inode = inode_of(one)
    assert names_by_inode({inode}) == {}


AS_NOBODY = """
import os
from scanner.discovery.processes import names_by_inode
try:
    os.setuid(65534)
except OSError:
    print("one user only")
else:
    print(names_by_inode({1}))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_processes_that_may_not_be_read_are_passed_over() -> None:
    """As nobody, the descriptors of root's processes cannot be listed; that is no error."""
    done = subprocess.run([sys.executable, "-c", AS_NOBODY], capture_output=True, text=True, check=True)
    if done.stdout == "one user only\n":
        pytest.skip("this user namespace has one user only")
    assert done.stdout == "{}\n"
