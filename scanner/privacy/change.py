"""Pure but for reading the tree: what to write so that use_tempaddr gets a value, through the layer that owns it."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from scanner.model.errors import InputError
from scanner.model.privacy import USE_TEMPADDR, Layer, Place
from scanner.model.text import say
from scanner.privacy import networkd
from scanner.privacy.claims import Claim
from scanner.privacy.look import read_boot
from scanner.privacy.resolve import ORDER
from scanner.privacy.running import Interface
from scanner.privacy.tree import Tree

SYSCTL_FILE = "/etc/sysctl.d/90-v6expose.conf"
DROPIN = "90-v6expose.conf"
NM_CONFIG_FILE = "/etc/NetworkManager/conf.d/90-v6expose.conf"
HEADER = "# Written by `v6expose privacy set`; `v6expose privacy undo` takes it back."
NETWORKD_WORDS = {0: "no", 1: "prefer-public", 2: "yes"}  # systemd.network(5)
SECRET = 0o600  # of a profile: it may hold passwords
PUBLIC = 0o644

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """One file as it is (None: not there) and as it will be. ``program`` writes it in our place where it can."""

    path: str
    before: str | None
    after: str
    mode: int = PUBLIC
    program: Command = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Everything that setting one value takes. ``reload`` makes the owner read its files again, after each write."""

    interface: str
    value: int
    layer: Layer
    edits: tuple[Edit, ...] = ()
    reload: tuple[Command, ...] = ()
    notes: tuple[str, ...] = ()


def plan_change(
    tree: Tree, interfaces: tuple[Interface, ...], defaults: Mapping[str, int], interface: str, value: int
) -> Change:
    """The files that make ``value`` last. Raises InputError where no file of ours can, naming the one that must change.

    The plan is put to the same forecast that `v6expose privacy` shows before anything is written.
    """
    boot = read_boot(tree, interfaces, defaults)
    owner = _owner(boot.of(interface))
    layer = owner.layer if owner else Layer.SYSCTL
    change = _PLANS[layer](tree, interface, value, owner)
    _prove(tree, interfaces, defaults, change)
    own = tuple(note for claim in boot.of(interface) if claim.layer is Layer.DHCPCD for note in claim.notes)
    return replace(change, notes=(*change.notes, *own))


def diff_of(edits: tuple[Edit, ...]) -> str:
    """One unified diff of all files; empty where nothing changes."""
    parts: list[str] = []
    for edit in edits:
        before = (edit.before or "").splitlines(keepends=True)
        after = edit.after.splitlines(keepends=True)
        source = "/dev/null" if edit.before is None else edit.path
        lines = difflib.unified_diff(before, after, source, edit.path)
        parts.extend(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(parts)


def _owner(claims: tuple[Claim, ...]) -> Claim | None:
    """The claim that decides use_tempaddr; None where sysctl.d does."""
    speaking = [one for one in claims if any(said.setting == USE_TEMPADDR for said in one.statements)]
    return max(speaking, key=lambda claim: ORDER.index(claim.layer), default=None)


def _prove(tree: Tree, interfaces: tuple[Interface, ...], defaults: Mapping[str, int], change: Change) -> None:
    overlay = {edit.path: edit.after for edit in change.edits}
    after = read_boot(Tree(tree.root, volatile=False, overlay=overlay), interfaces, defaults)
    there = next(one for one in interfaces if one.name == change.interface)
    forecast = next(one for one in after.forecasts(there, {}) if one.setting == USE_TEMPADDR)
    if forecast.predicted == change.value:
        return
    winner = forecast.decided_by
    raise InputError(
        say(
            "{place} would still set use_tempaddr of {interface} to {predicted}",
            place=winner.place or winner.layer,
            interface=change.interface,
            predicted=forecast.predicted,
        ),
        say("change {words!r} there first", words=winner.words),
    )


def _plan_sysctl(tree: Tree, interface: str, value: int, owner: Claim | None) -> Change:  # noqa: ARG001
    before = tree.read(SYSCTL_FILE)
    lines = (before or f"{HEADER}\n").splitlines()
    for target in ("default", interface.replace(".", "/")):
        key = f"net.ipv6.conf.{target}.{USE_TEMPADDR}"
        lines = [line for line in lines if line.partition("=")[0].strip() != key]
        lines.append(f"{key} = {value}")
    note = say("default is set too: interfaces that come later start with this value")
    edit = Edit(SYSCTL_FILE, before, "\n".join(lines) + "\n")
    return Change(interface, value, Layer.SYSCTL, (edit,), (), (note,))


def _plan_networkd(tree: Tree, interface: str, value: int, owner: Claim | None) -> Change:
    place = _place(owner)
    name = place.path.rpartition("/")[2]
    path = f"/etc/systemd/network/{name}.d/{DROPIN}"
    after = f"{HEADER}\n[Network]\n{networkd.OPTION}={NETWORKD_WORDS[value]}\n"
    reload = (("networkctl", "reload"), ("networkctl", "reconfigure", interface))
    note = say("every interface that {path} matches gets this value", path=place.path)
    return Change(interface, value, Layer.NETWORKD, (Edit(path, tree.read(path), after),), reload, (note,))


def _plan_network_manager(tree: Tree, interface: str, value: int, owner: Claim | None) -> Change:
    reapply = ("nmcli", "device", "reapply", interface)
    if owner is None or owner.owner is None:
        before = tree.read(NM_CONFIG_FILE)
        after = _nm_config(before, interface, value)
        edit = Edit(NM_CONFIG_FILE, before, after)
        return Change(interface, value, Layer.NETWORK_MANAGER, (edit,), (("nmcli", "general", "reload"), reapply))
    place = owner.owner
    if place.generator == "netplan":
        said = next((one.place for one in owner.statements if one.setting == USE_TEMPADDR and one.place), place)
        raise InputError(
            say("netplan writes the NetworkManager profile of {interface} anew at each boot", interface=interface),
            say("set ipv6-privacy in {said} and run `netplan apply`", said=said),
        )
    path = place.path
    if path.startswith("/run/"):
        raise InputError(
            say("the profile {path} is gone after a reboot", path=path),
            say("save it with `nmcli connection modify` first"),
        )
    text = tree.read(path) or ""
    target = path.replace("/usr/lib/", "/etc/", 1)  # an own copy hides the one of the distribution
    before = tree.read(target)
    modify = ("nmcli", "connection", "modify", owner.key, "ipv6.ip6-privacy", str(value)) if owner.key else ()
    edit = Edit(target, before, set_in_ini(text, "ipv6", "ip6-privacy", str(value)), SECRET, modify)
    notes = (
        (say("{generator} may write {path} again", generator=place.generator, path=path),) if place.generator else ()
    )
    reload = (("nmcli", "connection", "load", target), reapply)
    return Change(interface, value, Layer.NETWORK_MANAGER, (edit,), reload, notes)


def _nm_config(before: str | None, interface: str, value: int) -> str:
    section = f"connection-v6expose-{interface}"
    text = before or f"{HEADER}\n"
    text = set_in_ini(text, section, "match-device", f"interface-name:={interface}")
    return set_in_ini(text, section, "ipv6.ip6-privacy", str(value))


def _plan_line(tree: Tree, interface: str, value: int, owner: Claim | None) -> Change:
    """ifupdown: the very line that sets the value."""
    place = _place(owner)
    text = tree.read(place.path) or ""
    lines = text.split("\n")
    number = (place.line or 1) - 1
    lines[number] = re.sub(r"(privext\s+)\S+", rf"\g<1>{value}", lines[number], count=1)
    notes = (
        (say("{generator} may write {path} again", generator=place.generator, path=place.path),)
        if place.generator
        else ()
    )
    edit = Edit(place.path, text, "\n".join(lines))
    return Change(interface, value, Layer.IFUPDOWN, (edit,), (), notes)


def _place(owner: Claim | None) -> Place:
    assert owner is not None  # noqa: S101 - these layers are chosen by their claim
    assert owner.owner is not None  # noqa: S101 - and these claims always name a file
    return owner.owner


_PLANS: Mapping[Layer, Callable[[Tree, str, int, Claim | None], Change]] = {
    Layer.SYSCTL: _plan_sysctl,
    Layer.NETWORKD: _plan_networkd,
    Layer.NETWORK_MANAGER: _plan_network_manager,
    Layer.IFUPDOWN: _plan_line,
}


def set_in_ini(text: str, section: str, key: str, value: str) -> str:
    """``text`` with the last ``key`` of ``section`` changed, or added at the end of the section, or the section added.

    Everything else stays as it is, comments and spacing included.
    """
    lines = text.split("\n")
    inside, last, end = False, -1, -1
    for number, line in enumerate(lines):
        stripped = line.strip()
        if stripped.startswith("[") and stripped.endswith("]"):
            inside = stripped[1:-1] == section
        elif inside and stripped.partition("=")[0].strip() == key and "=" in stripped:
            last = number
        if inside and stripped:
            end = number
    if last >= 0:
        lines[last] = f"{key}={value}"
    elif end >= 0:
        lines.insert(end + 1, f"{key}={value}")
    else:
        body = text.rstrip("\n")
        return f"{body}\n\n[{section}]\n{key}={value}\n" if body else f"[{section}]\n{key}={value}\n"
    return "\n".join(lines)
