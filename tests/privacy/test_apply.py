"""Carrying out and taking back, on a tree and a kernel of files."""

import contextlib
import json
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import EnvironmentFault, InputError
from scanner.model.privacy import Layer
from scanner.privacy import apply, journal
from scanner.privacy.apply import Outcome, judge
from scanner.privacy.change import Change, Command, Edit
from scanner.privacy.running import Kernel
from scanner.privacy.tree import Tree
from tests.privacy.growing import grow, kernel

AT = "2026-01-01T00:00:00+00:00"
STABLE = IPv6Address("2001:db8::1")


class Programs:
    """Records what is run; commands that begin with a word of ``failing`` fail."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.ran: list[Command] = []

    def __call__(self, command: Command) -> str:
        self.ran.append(command)
        return f"{command[0]} failed" if command[0] in self.failing else ""


@pytest.fixture
def live(tmp_path: Path) -> Kernel:
    return kernel(tmp_path / "kernel", eth0={"use_tempaddr": 2})


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return grow(tmp_path / "files", {"/etc/old.conf": "old\n"})


OLD, NEW = Edit("/etc/old.conf", "old\n", "new\n"), Edit("/etc/x.network.d/new.conf", None, "fresh\n")


def change(*edits: Edit, reload: tuple[Command, ...] = ()) -> Change:
    return Change("eth0", 0, Layer.SYSCTL, edits, reload)


def no_source(_: str) -> None:
    return None


def carry_out(tree: Tree, live: Kernel, what: Change, programs: Programs | None = None) -> apply.Applied:
    return apply.apply(tree, live, what, AT, programs or Programs(), no_source)


def test_files_and_kernel_change_and_come_back(tree: Tree, live: Kernel) -> None:
    (tree.root / "etc/old.conf").chmod(0o640)
    carry_out(tree, live, change(OLD, NEW))
    assert (tree.read("/etc/old.conf"), tree.read(NEW.path)) == ("new\n", "fresh\n")
    assert live.value("eth0", "use_tempaddr") == 0
    assert tree.mode("/etc/old.conf") == 0o640
    apply.undo(tree, live, journal.latest(tree), Programs())
    assert (tree.read("/etc/old.conf"), tree.read(NEW.path)) == ("old\n", None)
    assert not tree.exists("/etc/x.network.d")
    assert tree.mode("/etc/old.conf") == 0o640
    assert live.value("eth0", "use_tempaddr") == 2


def test_undo_goes_back_one_change_at_a_time(tree: Tree, live: Kernel) -> None:
    carry_out(tree, live, change(OLD))
    carry_out(tree, live, change(Edit("/etc/old.conf", "new\n", "newer\n")))
    for expected in ("new\n", "old\n"):
        apply.undo(tree, live, journal.latest(tree), Programs())
        assert tree.read("/etc/old.conf") == expected
    with pytest.raises(InputError, match="no change is left to undo"):
        journal.latest(tree)


def test_undo_refuses_to_lose_a_later_edit(tree: Tree, live: Kernel) -> None:
    carry_out(tree, live, change(OLD))
    (tree.root / "etc/old.conf").write_text("edited by hand\n")
    with pytest.raises(InputError, match=r"/etc/old\.conf was changed after .* the old file is in /var/lib/v6expose"):
        apply.undo(tree, live, journal.latest(tree), Programs())
    assert tree.read("/etc/old.conf") == "edited by hand\n"


def test_the_owner_is_told_after_each_write(tree: Tree, live: Kernel) -> None:
    programs = Programs()
    carry_out(tree, live, change(OLD, reload=(("networkctl", "reload"),)), programs)
    apply.undo(tree, live, journal.latest(tree), programs)
    assert programs.ran == [("networkctl", "reload")] * 2


def test_a_program_writes_in_our_place_where_it_can(tree: Tree, live: Kernel) -> None:
    edit = Edit("/etc/old.conf", "old\n", "new\n", program=("nmcli", "modify"))
    programs = Programs()
    applied = carry_out(tree, live, change(edit), programs)
    assert (programs.ran, applied.notes, tree.read("/etc/old.conf")) == ([("nmcli", "modify")], (), "old\n")
    applied = carry_out(tree, live, change(edit), Programs("nmcli"))
    assert applied.notes == ("nmcli failed; the file was written instead",)
    assert tree.read("/etc/old.conf") == "new\n"


def test_a_kernel_that_refuses_leaves_everything_as_it_was(tree: Tree, live: Kernel) -> None:
    gone = Change("eth9", 0, Layer.SYSCTL, (OLD, NEW), (("networkctl", "reload"),))
    programs = Programs()
    with pytest.raises(EnvironmentFault, match="the change failed and was taken back"):
        carry_out(tree, live, gone, programs)
    assert programs.ran == [("networkctl", "reload")] * 2
    assert (tree.read("/etc/old.conf"), tree.read(NEW.path)) == ("old\n", None)
    with pytest.raises(InputError):
        journal.latest(tree)


def test_a_change_that_died_half_way_can_be_undone(tree: Tree, live: Kernel) -> None:
    """The manifest is there before the first file is touched, and no digest of a result yet."""
    record = journal.begin(tree, change(OLD), 2, AT)
    (tree.root / "etc/old.conf").write_text("half\n")
    assert journal.latest(tree) == record
    apply.undo(tree, live, record, Programs())
    assert tree.read("/etc/old.conf") == "old\n"


def test_backups_are_for_root_only(tree: Tree, live: Kernel) -> None:
    carry_out(tree, live, change(OLD))
    assert tree.mode(f"{journal.STATE}/0001") == 0o700
    assert tree.mode(f"{journal.STATE}/0001/file0") == 0o600


def test_a_manifest_that_is_none_is_named(tree: Tree, live: Kernel) -> None:
    carry_out(tree, live, change(OLD))
    manifest = tree.root / f"{journal.STATE}/0001/manifest.json".lstrip("/")
    good = json.loads(manifest.read_text())
    for broken in ("", "[]", "{}", json.dumps({**good, "format": "x"}), json.dumps({**good, "number": "1"})):
        manifest.write_text(broken)
        with pytest.raises(InputError, match=r"manifest\.json is no record of a change"):
            journal.latest(tree)
    escaping = {**good, "files": [{**good["files"][0], "backup": "../../x"}]}
    manifest.write_text(json.dumps(escaping))
    with pytest.raises(InputError, match="a path that is none of ours"):
        journal.latest(tree)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))
KEYS = st.sampled_from(["format", "number", "at", "interface", "value", "running", "files", "reload", "state"])


@given(st.dictionaries(KEYS, JSON))
def test_no_manifest_breaks_it(tmp_path_factory: pytest.TempPathFactory, fields: dict[str, object]) -> None:
    good = {
        "number": 1,
        "at": AT,
        "interface": "a",
        "value": 0,
        "running": 1,
        "files": [],
        "reload": [],
        "state": "done",
    }
    root = tmp_path_factory.mktemp("x")
    text = json.dumps({"format": journal.FORMAT, **good, **fields})
    tree = grow(root, {f"{journal.STATE}/0001/manifest.json": text})
    with contextlib.suppress(InputError):
        journal.latest(tree)


@pytest.mark.parametrize(
    ("value", "running", "after", "temporary", "outcome"),
    [
        (0, 0, STABLE, False, Outcome.PROVEN),
        (1, 1, STABLE, False, Outcome.PROVEN),
        (2, 2, STABLE, True, Outcome.PROVEN),
        (0, -1, STABLE, False, Outcome.PROVEN),
        (0, 0, STABLE, True, Outcome.REFUTED),
        (1, 1, STABLE, True, Outcome.REFUTED),
        (2, 2, STABLE, False, Outcome.PENDING),
        (0, 2, STABLE, False, Outcome.REFUTED),
        (2, None, None, None, Outcome.REFUTED),
        (2, 2, None, None, Outcome.NO_ROUTE),
        (0, 0, STABLE, None, Outcome.NO_ROUTE),
    ],
)
def test_the_proof(
    value: int,
    running: int | None,
    after: IPv6Address | None,
    temporary: bool | None,  # noqa: FBT001
    outcome: Outcome,
) -> None:
    assert judge(value, running, after, temporary=temporary)[0] is outcome


def test_a_program_that_is_missing_or_fails_says_so() -> None:
    assert apply.run(("true",)) == ""
    assert apply.run(("false",)) == "`false` failed (exit status 1)"
    assert apply.run(("v6expose-no-such-program", "x")).startswith("`v6expose-no-such-program x` cannot be run")
