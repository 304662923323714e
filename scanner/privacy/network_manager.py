"""NetworkManager: which profile takes an interface, and what it writes. NetworkManager.conf(5), nm-settings-keyfile(5).

ipv6.ip6-privacy: the profile's, else (-1 or missing) the [connection] defaults', else what the kernel has for
``default``. Measured on 1.42 (tests/lab/test_privacy_managers.py): the value is written whatever ipv6.method is;
accept_ra becomes 0 and addr_gen_mode 1, because NetworkManager does that work itself, except with method ``ignore``; a
profile that others may read is not used, and a device without a profile gets one made up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from scanner.model.privacy import USE_TEMPADDR, Layer, Place, Statement
from scanner.model.text import say
from scanner.privacy.claims import Claim
from scanner.privacy.cloud_init import generator_of
from scanner.privacy.ini import Entry, Ini, parse_ini
from scanner.privacy.match_spec import in_list
from scanner.privacy.running import Interface
from scanner.privacy.services import enabled
from scanner.privacy.tree import Tree

# The first directory's profile of a UUID stands.
PROFILES = (
    "/run/NetworkManager/system-connections",
    "/etc/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
CONFIG = "/etc/NetworkManager/NetworkManager.conf"
# read before and after CONFIG; a name found further left hides the same name further right
CONFIG_DIRECTORIES = ("/etc/NetworkManager/conf.d", "/run/NetworkManager/conf.d", "/usr/lib/NetworkManager/conf.d")
PRIVACY_VALUES = {"-1": None, "0": 0, "1": 1, "2": 2}
ADDR_GEN = {"0": "eui64", "1": "stable-privacy", "2": "default-or-eui64", "3": "default"}
TYPES = {"802-3-ethernet": "ether", "ethernet": "ether", "802-11-wireless": "wlan", "wifi": "wlan", "bridge": "bridge"}
OTHERS_MAY = 0o077  # bits of the mode that make NetworkManager refuse a profile


@dataclass(frozen=True, slots=True)
class Profile:
    """A keyfile. ``generated`` profiles are those that netplan is going to write; their lines are netplan's."""

    path: str
    ini: Ini
    generator: str = ""
    places: tuple[tuple[Entry, Place], ...] = ()

    def value(self, section: str, key: str, default: str = "") -> str:
        return self.ini.value(section, key, default)

    def place(self, entry: Entry) -> Place:
        return next((place for one, place in self.places if one is entry), Place(self.path, entry.line, self.generator))

    @property
    def uuid(self) -> str:
        return self.value("connection", "uuid") or self.path


@dataclass(frozen=True, slots=True)
class Config:
    """NetworkManager.conf and its conf.d: every entry with its file, in the order of reading."""

    entries: tuple[tuple[Entry, str], ...]

    def sections(self, kind: str) -> tuple[str, ...]:
        """In the order of looking up: ``[kind-NAME]`` as they stand in a file, those that a later file adds before the
        others, and ``[kind]`` at the end.
        """
        named: list[str] = []
        for _, of_file in groupby(self.entries, key=lambda one: one[1]):
            names = dict.fromkeys(entry.section for entry, _ in of_file)
            named = [name for name in names if name.startswith(f"{kind}-") and name not in named] + named
        general = any(entry.section == kind for entry, _ in self.entries)
        return (*named, *([kind] if general else []))

    def last(self, section: str, key: str) -> tuple[Entry, Place] | None:
        for entry, path in reversed(self.entries):
            if (entry.section, entry.key) == (section, key):
                return entry, Place(path, entry.line, generator_of(path, ""))
        return None


# The defaults of ``default`` under net.ipv6.conf for an interface: what sysctl.d makes of use_tempaddr there.
KernelDefault = Callable[[str], Statement]


def claims(
    tree: Tree, interfaces: Iterable[Interface], default: KernelDefault, generated: tuple[Profile, ...] = ()
) -> tuple[Claim, ...]:
    """One for each interface that NetworkManager manages at boot."""
    if not enabled(tree, "NetworkManager", "network-manager"):
        return ()
    config, profiles = read_config(tree), read_profiles(tree, generated)
    found = []
    for interface in interfaces:
        managed = is_managed(config, interface)
        if managed is not False and interface.type != "loopback":
            doubt = "" if managed else say("whether NetworkManager manages it depends on what is not known here")
            found.append(_claim(tree, config, profiles, interface, default(interface.name), doubt))
    return tuple(found)


def read_config(tree: Tree) -> Config:
    """In the order of reading: /usr/lib and /run, then NetworkManager.conf, then /etc/NetworkManager/conf.d."""
    names = tree.first_of_each_name(CONFIG_DIRECTORIES, "*.conf")
    rank = {directory: position for position, directory in enumerate(reversed(CONFIG_DIRECTORIES))}
    files = sorted(names, key=lambda path: rank[path.rpartition("/")[0]])
    before = [path for path in files if not path.startswith("/etc/")]
    after = [path for path in files if path.startswith("/etc/")]
    entries = [(entry, path) for path in (*before, CONFIG, *after) for entry in _ini(tree, path).entries]
    return Config(tuple(entries))


def read_profiles(tree: Tree, generated: tuple[Profile, ...] = ()) -> tuple[Profile, ...]:
    """Every usable keyfile, one a UUID; those of netplan's last run give way to ``generated``."""
    chosen: dict[str, Profile] = {profile.uuid: profile for profile in generated}
    for directory in PROFILES:
        for name in tree.names(directory):
            path = f"{directory}/{name}"
            generator = generator_of(path, tree.read(path) or "")
            if generator == "netplan" and generated:
                continue
            if directory != PROFILES[1] and not name.endswith(".nmconnection"):
                continue
            profile = Profile(path, _ini(tree, path), generator)
            if profile.value("connection", "type") and _private(tree, path):
                chosen.setdefault(profile.uuid, profile)
    return tuple(chosen.values())


def _private(tree: Tree, path: str) -> bool:
    mode = tree.mode(path)
    if mode is not None and mode & OTHERS_MAY:
        tree.complain(path, None, say("NetworkManager refuses a profile of mode {mode:04o}; make it 0600", mode=mode))
        return False
    return True


def is_managed(config: Config, interface: Interface) -> bool | None:
    """False: left alone by [keyfile] unmanaged-devices or [device] managed. None: not known."""
    found = config.last("keyfile", "unmanaged-devices")
    if found and (listed := in_list(found[0].value, interface)) is not False:
        return None if listed is None else False
    for section in config.sections("device"):
        match, managed = config.last(section, "match-device"), config.last(section, "managed")
        if managed and (match is None or in_list(match[0].value, interface)):
            return managed[0].value.lower() in {"1", "yes", "true", "on"}
    return True


def profile_for(profiles: Iterable[Profile], interface: Interface) -> tuple[Profile | None, str]:
    """The profile that comes up by itself; a doubt where several could (the one used last wins then)."""
    fitting = [one for one in profiles if _fits(one, interface)]
    if not fitting:
        return None, ""
    best = max(_priority(one) for one in fitting)
    first = [one for one in fitting if _priority(one) == best]
    doubt = (
        say("{first} profiles fit the interface; the one used last comes up", first=len(first))
        if len(first) > 1
        else ""
    )
    bound = [one for one in first if one.value("connection", "interface-name") == interface.name]
    return (bound or first)[0], doubt


def _priority(profile: Profile) -> int:
    text = profile.value("connection", "autoconnect-priority", "0")
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() and text.count("-") <= 1 else 0


def _fits(profile: Profile, interface: Interface) -> bool:
    name = profile.value("connection", "interface-name")
    if profile.value("connection", "autoconnect", "true").lower() in {"false", "no", "0"}:
        return False
    if name and name != interface.name:
        return False
    patterns = profile.value("match", "interface-name").strip(";")
    if patterns and not in_list(",".join(f"interface-name:{one}" for one in patterns.split(";")), interface):
        return False
    mac = profile.value("ethernet", "mac-address") or profile.value("802-3-ethernet", "mac-address")
    if mac and mac.lower() != interface.mac:
        return False
    return TYPES.get(profile.value("connection", "type")) == (interface.type or "ether")


def _claim(
    tree: Tree, config: Config, profiles: tuple[Profile, ...], interface: Interface, default: Statement, doubt: str
) -> Claim:
    profile, several = profile_for(profiles, interface)
    privacy, unknown = _privacy(tree, config, profile, interface, default)
    statements = [privacy]
    method = profile.value("ipv6", "method", "auto") if profile else "auto"
    if method != "ignore":
        words = say("NetworkManager reads router advertisements and makes addresses itself")
        statements.append(Statement(Layer.NETWORK_MANAGER, "accept_ra", 0, None, words))
        statements.append(Statement(Layer.NETWORK_MANAGER, "addr_gen_mode", 1, None, words))
    owner = Place(profile.path, None, profile.generator) if profile else None
    doubts = "; ".join(one for one in (doubt, several, unknown) if one)
    notes = () if method == "ignore" else (_identifiers(config, profile, interface),)
    uuid = profile.value("connection", "uuid") if profile else ""
    return Claim(Layer.NETWORK_MANAGER, interface.name, tuple(statements), owner, doubts, notes, uuid)


def _privacy(
    tree: Tree, config: Config, profile: Profile | None, interface: Interface, default: Statement
) -> tuple[Statement, str]:
    """The value and whether it hangs on something unknown."""
    entry = profile.ini.last("ipv6", "ip6-privacy") if profile else None
    if profile and entry:
        place = profile.place(entry)
        if (value := _value(tree, place, entry)) is not None:
            return Statement(Layer.NETWORK_MANAGER, USE_TEMPADDR, value, place, f"ip6-privacy={entry.value}"), ""
    doubt = ""
    for section in config.sections("connection"):
        found, match = config.last(section, "ipv6.ip6-privacy"), config.last(section, "match-device")
        fits = in_list(match[0].value, interface) if match else True
        if found and fits is None:
            doubt = say("whether {found} means this device is not known here", found=found[1])
        if found and fits and (value := _value(tree, found[1], found[0])) is not None:
            words = f"[{section}] ipv6.ip6-privacy={found[0].value}"
            return Statement(Layer.NETWORK_MANAGER, USE_TEMPADDR, value, found[1], words), doubt
    words = say("no ip6-privacy is given: takes what is in force for default ({words})", words=default.words)
    return Statement(Layer.NETWORK_MANAGER, USE_TEMPADDR, default.value, default.place, words), doubt


def _value(tree: Tree, place: Place, entry: Entry) -> int | None:
    if entry.value not in PRIVACY_VALUES:
        tree.complain(place.path, place.line, f"NetworkManager knows no {entry.key}={entry.value}")
    return PRIVACY_VALUES.get(entry.value)


def _identifiers(config: Config, profile: Profile | None, interface: Interface) -> str:
    """ipv6.addr-gen-mode: a keyfile without it means default-or-eui64 (nm-settings-nmcli(5))."""
    own = profile.value("ipv6", "addr-gen-mode") if profile else ""
    mode = ADDR_GEN.get(own, own) or ("default-or-eui64" if profile else "default")
    if mode not in {"default", "default-or-eui64"}:
        return say("NetworkManager makes identifiers itself: addr-gen-mode {mode}", mode=mode)
    for section in config.sections("connection"):
        found, match = config.last(section, "ipv6.addr-gen-mode"), config.last(section, "match-device")
        if found and (match is None or in_list(match[0].value, interface)):
            value = ADDR_GEN.get(found[0].value, found[0].value)
            return say(
                "NetworkManager makes identifiers itself: addr-gen-mode {value} ({found})", value=value, found=found[1]
            )
    mode = "eui64" if mode == "default-or-eui64" else "stable-privacy"
    return say("NetworkManager makes identifiers itself: addr-gen-mode {mode} (its default)", mode=mode)


def _ini(tree: Tree, path: str) -> Ini:
    ini = parse_ini(tree.read(path) or "", comments="#")
    for line, why in ini.complaints:
        tree.complain(path, line, why)
    return ini
