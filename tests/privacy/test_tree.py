"""Trees: links stay inside, unusable files are named."""

import os
from pathlib import Path

from scanner.privacy.tree import LARGEST, Tree
from tests.privacy.growing import grow


def test_a_link_to_an_absolute_path_stays_inside_the_tree(tmp_path: Path) -> None:
    tree = grow(tmp_path, {"/etc/a": "-> /etc/b", "/etc/b": "inside", "/etc/up": "-> ../../../../etc/b"})
    assert tree.read("/etc/a") == "inside"
    assert tree.read("/etc/up") == "inside"


def test_loops_directories_pipes_and_missing_files_are_nothing(tmp_path: Path) -> None:
    tree = grow(tmp_path, {"/a": "-> /b", "/b": "-> /a", "/d/x": "", "/gone": "-> /nowhere"})
    os.mkfifo(tmp_path / "pipe")
    assert [tree.read(path) for path in ("/a", "/d", "/pipe", "/none", "/gone", "/d/x/y")] == [None] * 6
    assert tree.problems == ()


def test_a_link_to_dev_null_is_an_empty_file(tmp_path: Path) -> None:
    tree = grow(tmp_path, {"/etc/off": "-> /dev/null"})
    assert tree.read("/etc/off") == ""
    assert tree.is_masked("/etc/off")
    assert not tree.is_masked("/etc")


def test_run_is_hidden_from_a_boot(tmp_path: Path) -> None:
    grow(tmp_path, {"/run/x/a": "1", "/etc/link": "-> /run/x/a"})
    lasting = Tree(tmp_path, volatile=False)
    assert (lasting.read("/run/x/a"), lasting.read("/etc/link"), lasting.names("/run/x")) == (None, None, ())
    assert Tree(tmp_path).names("/run/x") == ("a",)


def test_names_go_by_bytes_and_hidden_ones_are_left_out(tmp_path: Path) -> None:
    tree = grow(tmp_path, {f"/d/{name}": "" for name in ("b", "B", "10", "9", ".a", "ä")})
    assert tree.names("/d") == ("10", "9", "B", "b", "ä")


def test_the_first_directory_has_the_name(tmp_path: Path) -> None:
    tree = grow(tmp_path, {"/1/b.conf": "", "/2/b.conf": "", "/2/a.conf": "", "/2/c.txt": ""})
    assert tree.first_of_each_name(["/1", "/2"], "*.conf") == ("/2/a.conf", "/1/b.conf")


def test_undecodable_bytes_survive_and_huge_files_are_named(tmp_path: Path) -> None:
    tree = grow(tmp_path, {"/bytes": b"\xff\xfe\x00", "/huge": b"x" * (LARGEST + 5)})
    assert (tree.read("/bytes") or "").encode(errors="surrogateescape") == b"\xff\xfe\x00"
    assert len(tree.read("/huge") or "") == LARGEST
    assert tree.problems == (f"/huge: is larger than {LARGEST} bytes; only the beginning was read",)


def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    """Root reads everything, so a child that has given that up looks."""
    grow(tmp_path, {"/etc/secret": "x", "/closed/x": "x"})
    (tmp_path / "etc/secret").chmod(0)
    (tmp_path / "closed").chmod(0)
    tmp_path.chmod(0o755)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        tree = Tree(tmp_path)
        if os.geteuid() == 0:
            os.chroot(tmp_path)  # the directories above are closed to anybody else
            os.setresuid(65534, 65534, 65534)
            tree = Tree()
        tree.read("/etc/secret")
        tree.names("/closed")
        os.write(writer, "\n".join(tree.problems).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        said = stream.read().splitlines()
    (tmp_path / "closed").chmod(0o755)
    assert said == [
        "/etc/secret: cannot be read (Permission denied); run as root to see it",
        "/closed: cannot be listed (Permission denied); run as root to see it",
    ]


def test_an_overlay_is_what_the_files_will_be(tmp_path: Path) -> None:
    grow(tmp_path, {"/etc/a.conf": "old"})
    tree = Tree(tmp_path, overlay={"/etc/a.conf": "new", "/etc/b.conf": "more"})
    assert (tree.read("/etc/a.conf"), tree.names("/etc", "*.conf")) == ("new", ("a.conf", "b.conf"))
    assert tree.exists("/etc/b.conf")
