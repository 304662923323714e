"""What a parser of DDNS client settings hands back, and what all of them share. Pure.

Secrets stay where they are: a parser picks the lines it knows and copies names of hosts, interfaces and methods out of
them. What it could not read it names by file and line, never by its text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from scanner.model.errors import InputError
from scanner.model.names import Method, Publication
from scanner.names.hostname import parse_name

# iproute2's flags -temporary and -deprecated leave those addresses out; ip-address(8).
STABLE_COMMAND = (
    "ip -6 -o addr show dev {interface} scope global -temporary -deprecated | awk '{print $4}' | cut -d/ -f1"
)
_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}")  # what the kernel takes and no secret looks like


@dataclass(frozen=True, slots=True)
class Reading:
    """One file, read: what it publishes, and what could not be read, each problem one line ``path:line: ...``."""

    publications: tuple[Publication, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """What is the same for every name that a client publishes."""

    name: str
    path: str
    fix: str
    source: str

    def publish(self, host: str, line: int, method: Method, setting: str) -> Reading:
        """A whole name, or the problem that it is none."""
        try:
            name = parse_name(host)
        except InputError:
            return Reading(problems=(f"{self.path}:{line}: a host that is not a full domain name is left out",))
        return Reading((Publication(self.name, name, self.path, line, method, setting, self.fix, self.source),))

    def problem(self, line: int, text: str) -> Reading:
        return Reading(problems=(f"{self.path}:{line}: {text}",))


def joined(readings: Iterable[Reading]) -> Reading:
    all_of_them = tuple(readings)
    publications = (one for reading in all_of_them for one in reading.publications)
    problems = (one for reading in all_of_them for one in reading.problems)
    return Reading(tuple(dict.fromkeys(publications)), tuple(dict.fromkeys(problems)))


def interface(text: str) -> str:
    """``text`` where it may be the name of an interface, otherwise ""."""
    return text if _INTERFACE.fullmatch(text) else ""


def labelled(key: str, value: str) -> str:
    """``key=value`` where the value names an interface, otherwise only the key: it may hold a secret."""
    return f"{key}={interface(value)}" if interface(value) else f"{key}=..."


def line_of(text: str, wanted: str) -> int:
    """The line of the first occurrence of ``wanted``, 1 where there is none: TOML and JSON readers keep no lines."""
    at = text.find(wanted)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


class NotYamlError(Exception):
    """``line`` is where the text stops being YAML."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def yaml_tree(text: str) -> yaml.Node | None:
    """The nodes of the first document, with their lines; nothing is constructed. Raises NotYamlError."""
    try:
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise NotYamlError(error.problem_mark.line + 1 if error.problem_mark else 1) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise NotYamlError(1) from error
    return node


def entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """A mapping's values by their keys in small letters; empty for anything else."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value.lower(): value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def items(node: yaml.Node | None) -> list[Any]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def scalar(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
