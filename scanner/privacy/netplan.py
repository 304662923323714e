"""netplan: its YAML becomes .network files or NetworkManager profiles at every boot. netplan(5), netplan-generate(8).

/run hides /etc, which hides /lib, for files of one name; all are merged in the order of their names. What it writes was
measured on 0.106 (tests/privacy/test_netplan.py runs the real generator where there is one): for networkd
IPv6PrivacyExtensions=yes where ipv6-privacy is true, otherwise nothing; for NetworkManager ip6-privacy 2 or 0, but only
where it configures IPv6 at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from scanner.model.privacy import Place
from scanner.privacy.cloud_init import generator_of
from scanner.privacy.ini import Entry, Ini
from scanner.privacy.network_manager import Profile
from scanner.privacy.networkd import NetworkFile
from scanner.privacy.tree import Tree

DIRECTORIES = ("/run/netplan", "/etc/netplan", "/lib/netplan", "/usr/lib/netplan")
TRUE = frozenset({"true", "on", "yes", "y"})
FALSE = frozenset({"false", "off", "no", "n"})
# netplan's device sections -> the profile type of NetworkManager
DEVICES = {
    "ethernets": "ethernet",
    "wifis": "wifi",
    "modems": "gsm",
    "bridges": "bridge",
    "bonds": "bond",
    "vlans": "vlan",
    "vrfs": "vrf",
    "tunnels": "ip-tunnel",
    "dummy-devices": "dummy",
}
PHYSICAL = frozenset({"ethernets", "wifis", "modems"})


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    place: Place


Node = Scalar | dict[str, "Node"] | list["Node"]  # what a YAML document becomes; keys are text


@dataclass(frozen=True, slots=True)
class Netplan:
    """What netplan is going to write."""

    network_files: tuple[NetworkFile, ...] = ()
    profiles: tuple[Profile, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """One device definition, all files merged."""

    name: str
    section: str
    renderer: str
    place: Place
    options: Mapping[str, Node] = field(default_factory=dict)

    def text(self, key: str) -> str:
        value = self.options.get(key)
        return value.text if isinstance(value, Scalar) else ""


def read_netplan(tree: Tree) -> Netplan:
    """Empty where netplan is not used."""
    merged: dict[str, Node] = {}
    for path in tree.first_of_each_name(DIRECTORIES, "*.yaml"):
        document = read_yaml(tree, path)
        network = document.get("network") if isinstance(document, dict) else None
        if isinstance(network, dict):
            _merge(merged, network)
    found = tuple(_definitions(merged))
    for one in found:
        _check(tree, one)
    files = tuple(_network_file(one) for one in found if one.renderer != "NetworkManager")
    profiles = tuple(_profile(one) for one in found if one.renderer == "NetworkManager")
    return Netplan(files, profiles)


def read_yaml(tree: Tree, path: str) -> Node | None:
    """None for an empty file and for one that is no YAML, which is named with its line."""
    text = tree.read(path)
    generator = generator_of(path, text or "")
    try:
        node = yaml.compose(text or "", Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        tree.complain(path, mark.line + 1 if mark else None, f"is no YAML ({error.problem}); netplan ignores it")
        return None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        tree.complain(path, None, f"is no YAML ({str(error).partition(chr(10))[0]}); netplan ignores it")
        return None
    return _convert(node, path, generator, depth=0)


def _convert(node: yaml.Node | None, path: str, generator: str, depth: int) -> Node | None:
    """Eight levels are more than netplan has; anchors that contain themselves end there."""
    if node is None or depth > 8:  # noqa: PLR2004
        return None
    if isinstance(node, yaml.MappingNode):
        converted: dict[str, Node] = {}
        for key, value in node.value:
            inner = _convert(value, path, generator, depth + 1)
            if isinstance(key, yaml.ScalarNode) and inner is not None:
                converted[key.value] = inner
        return converted
    if isinstance(node, yaml.SequenceNode):
        return [one for item in node.value if (one := _convert(item, path, generator, depth + 1)) is not None]
    return Scalar(str(node.value), Place(path, node.start_mark.line + 1, generator))


def _merge(into: dict[str, Node], more: Mapping[str, Node]) -> None:
    """Mappings are merged key by key; later scalars and lists replace earlier ones (netplan(5): lists are appended)."""
    for key, value in more.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            fresh = dict(old)
            _merge(fresh, value)
            into[key] = fresh
        else:
            into[key] = value


def _definitions(network: Mapping[str, Node]) -> Iterator[Definition]:
    top = network.get("renderer")
    for section in DEVICES:
        devices = network.get(section)
        if not isinstance(devices, dict):
            continue
        shared = devices.get("renderer")
        for name, options in devices.items():
            if not isinstance(options, dict):
                continue
            own = options.get("renderer")
            renderer = next((one.text for one in (own, shared, top) if isinstance(one, Scalar)), "networkd")
            yield Definition(name, section, renderer, _first_place(options), options)


def _first_place(options: Node) -> Place:
    """Where the first scalar inside stands."""
    if isinstance(options, Scalar):
        return options.place
    inner = options.values() if isinstance(options, dict) else options
    places = [_first_place(one) for one in inner]
    return min(places, key=lambda place: place.line or 0) if places else Place("netplan")


def _check(tree: Tree, one: Definition) -> None:
    text = one.text("ipv6-privacy").lower()
    if text and text not in TRUE | FALSE:
        place = _first_place(one.options["ipv6-privacy"])
        tree.complain(place.path, place.line, f"netplan takes true or false for ipv6-privacy, not {text!r}")


def _place(one: Definition) -> Place:
    found = one.options.get("ipv6-privacy")
    place = found.place if isinstance(found, Scalar) else one.place
    return Place(place.path, place.line, place.generator or "netplan")


def _wants_privacy(one: Definition) -> bool:
    return one.text("ipv6-privacy").lower() in TRUE


def _match_entries(one: Definition) -> list[tuple[str, str]]:
    """The [Match] that netplan writes. A driver is passed on as Driver=, which is not known here."""
    match = one.options.get("match")
    if one.section not in PHYSICAL or not isinstance(match, dict):
        return [("Name", one.name)]
    pairs = []
    for key, option in (("macaddress", "PermanentMACAddress"), ("name", "Name"), ("driver", "Driver")):
        value = match.get(key)
        if isinstance(value, Scalar):
            pairs.append((option, value.text))
    if one.text("set-name"):
        pairs = [pair for pair in pairs if pair[0] != "Name"] + [("Name", one.text("set-name"))]
    return pairs or [("Name", "*")]


def _network_file(one: Definition) -> NetworkFile:
    place = _place(one)
    line = place.line or 0
    entries = [(Entry("Match", key, value, line), place) for key, value in _match_entries(one)]
    if _wants_privacy(one):
        entries.append((Entry("Network", "IPv6PrivacyExtensions", "yes", line), place))
    return NetworkFile(f"/run/systemd/network/10-netplan-{one.name}.network", tuple(entries), place)


def _profile(one: Definition) -> Profile:
    place = _place(one)
    line = place.line or 0
    pairs = [("connection", "id", f"netplan-{one.name}"), ("connection", "type", DEVICES[one.section])]
    for key, value in _match_entries(one):
        if key == "Name":
            is_pattern = any(letter in value for letter in "*?[")
            pairs.append(("match" if is_pattern else "connection", "interface-name", value))
        elif key == "PermanentMACAddress":
            pairs.append(("ethernet", "mac-address", value))
    if _configures_ipv6(one):
        pairs.append(("ipv6", "method", "auto"))
        pairs.append(("ipv6", "ip6-privacy", "2" if _wants_privacy(one) else "0"))
    else:
        pairs.append(("ipv6", "method", "ignore"))
    entries = tuple(Entry(section, key, value, line) for section, key, value in pairs)
    path = f"/run/NetworkManager/system-connections/netplan-{one.name}.nmconnection"
    return Profile(path, Ini(entries, ()), "netplan", tuple((entry, place) for entry in entries))


def _configures_ipv6(one: Definition) -> bool:
    addresses = one.options.get("addresses")
    listed = [_address_text(item) for item in addresses] if isinstance(addresses, list) else []
    mode = bool(one.text("ipv6-address-generation") or one.text("ipv6-address-token"))
    return one.text("dhcp6").lower() in TRUE or mode or any(":" in text for text in listed)


def _address_text(item: Node) -> str:
    if isinstance(item, dict):
        return next(iter(item), "")
    return item.text if isinstance(item, Scalar) else ""
