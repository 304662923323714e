"""What the owner asked for, from every place it can be written: flag > environment > files > default.

Every value keeps its origin, so that ``v6expose config`` can say which place won. A value is checked where it is read:
the error names the key, the place and what to write instead. docs/configuration.md tells the same to users.
"""

import difflib
import os
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv6Address
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scanner.model.errors import InputError
from scanner.model.finding import Severity
from scanner.model.history import Keep
from scanner.model.notices import Source
from scanner.model.ports import PortSet
from scanner.model.settings import (
    BATTERIES,
    DEFAULT_RATE,
    HIGHEST_RATE,
    NO_BATTERY,
    Expectation,
    Profile,
    Settings,
    batteries_of,
)
from scanner.model.text import say

PREFIX = "V6EXPOSE_"
LOCAL_FILE = "v6expose.toml"
SYSTEM_FILE = Path("/etc/v6expose/config.toml")
FAIL_ON = ("low", "medium", "high", "critical", "never")
LANGUAGES = ("en", "ja")
YES_OR_NO = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
MOST_DIGITS = 9  # of a number that is worth reading
FLAG, DEFAULT = "flag", "default"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every option with its value; ``origins`` says for each where it comes from: "flag", the environment variable, the
    file, or "default". Vantages and outputs are kept as written: the rooms that use them parse them.
    """

    vantages: tuple[str, ...] = ()
    profile: Profile = Profile.STANDARD
    addresses: tuple[IPv6Address, ...] = ()
    tcp: PortSet | None = None
    udp: PortSet | None = None
    rate: int = DEFAULT_RATE
    expect: Expectation = Expectation.STRICT
    fail_on: str = "high"
    lang: str = "en"
    outputs: tuple[str, ...] = ()
    policy: Path | None = None
    names: tuple[str, ...] = ()
    router: str | None = None
    nmap: bool = True
    batteries: tuple[str, ...] = ()  # empty means the profile's
    slow: bool = False
    store: str | None = None
    keep: Keep | None = None
    locate_all: bool = True
    notify: tuple[Source, ...] = ()
    notify_from: Severity = Severity.MEDIUM
    origins: Mapping[str, str] = field(default_factory=dict)

    def settings(self) -> Settings:
        """The part that shapes a scan."""
        return Settings(
            profile=self.profile,
            addresses=self.addresses,
            tcp=self.tcp,
            udp=self.udp,
            rate=self.rate,
            expect=self.expect,
            nmap=self.nmap,
            batteries=batteries_of(self.batteries, self.profile),
            slow=self.slow,
            locate_all=self.locate_all,
        )


class Shape(StrEnum):
    """What TOML holds for a key."""

    TEXT = "text"
    LIST = "a list of texts"
    NUMBER = "a whole number"
    SWITCH = "true or false"


@dataclass(frozen=True, slots=True)
class Option:
    """A key. ``parse`` takes one value of the shape (of a list, each text) and raises ValueError or InputError.
    ``sample`` is such a value as one types it. ``secret``: what was written by mistake must not be repeated.
    """

    key: str
    flag: str
    shape: Shape
    parse: Callable[[Any], object]
    sample: str
    help: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.key.upper()

    @property
    def toml(self) -> str:
        """A line of a configuration file."""
        templates = {
            Shape.TEXT: '{} = "{}"',
            Shape.LIST: '{} = ["{}"]',
            Shape.NUMBER: "{} = {}",
            Shape.SWITCH: "{} = {}",
        }
        return templates[self.shape].format(self.key, self.sample)


def load(
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    config_file: Path | None,
    cwd: Path,
    system_file: Path = SYSTEM_FILE,
) -> Configuration:
    """Join the layers. ``flags`` holds what was given, by key; None stands for a flag that was not.

    Raises InputError naming the key, the place and the remedy.
    """
    layers = [_from_flags(flags), _from_environment(environment)]
    for path in files(environment, config_file, cwd, system_file):
        owner = None if path in (config_file, system_file) else environment.get("SUDO_UID", "")
        layers.append(_from_file(path, must_exist=path == config_file, sudo_uid=owner))
    values: dict[str, Any] = {}
    origins = dict.fromkeys(KEYS, DEFAULT)
    for key, (value, origin) in ((key, layer[key]) for layer in reversed(layers) for key in layer):
        values[key], origins[key] = value, origin
    return Configuration(**values, origins=MappingProxyType(origins))


def files(
    environment: Mapping[str, str], config_file: Path | None, cwd: Path, system_file: Path = SYSTEM_FILE
) -> tuple[Path, ...]:
    """Where files are looked for, the strongest first; only ``config_file`` must be there."""
    # XDG Base Directory Specification: unset, empty or relative means $HOME/.config
    xdg = Path(environment.get("XDG_CONFIG_HOME", ""))
    if not xdg.is_absolute():
        xdg = Path(environment.get("HOME", "")) / ".config"
    paths = [config_file] if config_file is not None else []
    paths.append(cwd / LOCAL_FILE)
    if xdg.is_absolute():
        paths.append(xdg / "v6expose" / "config.toml")
    return (*paths, system_file)


def plain(value: object) -> object:
    """A value as JSON and TOML know it; None where nothing is set."""
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int)) else str(value)


Layer = dict[str, tuple[object, str]]


def _from_flags(flags: Mapping[str, object]) -> Layer:
    given = {key: value for key, value in flags.items() if value not in (None, (), [])}
    _refuse_unknown(given, KEYS, "on the command line")
    return {key: (_parse_flag(OPTIONS_BY_KEY[key], value), FLAG) for key, value in given.items()}


def _parse_flag(option: Option, value: object) -> object:
    typed = _typed(option.shape, value) if isinstance(value, str) and option.shape is not Shape.LIST else value
    sample = f"{option.flag} {option.sample}" if option.shape is not Shape.SWITCH else option.flag
    return _parse(option, option.flag, list(typed) if isinstance(typed, tuple) else typed, sample)


def _from_environment(environment: Mapping[str, str]) -> Layer:
    """A variable that is set to nothing counts as not set."""
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX) and text}
    by_variable = {option.variable: option for option in OPTIONS}
    _refuse_unknown(given, by_variable, "in the environment")
    layer: Layer = {}
    for name, text in given.items():
        option = by_variable[name]
        layer[option.key] = (_parse(option, name, _typed(option.shape, text), f"{name}={option.sample}"), name)
    return layer


def _from_file(path: Path, *, must_exist: bool, sudo_uid: str | None) -> Layer:
    document = _read(path, must_exist=must_exist, sudo_uid=sudo_uid)
    _refuse_unknown(document, KEYS, f"in {path}")
    layer: Layer = {}
    for key, raw in document.items():
        option = OPTIONS_BY_KEY[key]
        value = _parse(option, f"{path}: {key}", raw, option.toml)
        # A file names a policy beside itself.
        layer[key] = (path.parent / value if isinstance(value, Path) else value, str(path))
    return layer


def _read(path: Path, *, must_exist: bool, sudo_uid: str | None) -> dict[str, Any]:
    """The file's table; empty where a file that nobody named is missing. ``sudo_uid`` None trusts any owner."""
    try:
        with path.open("rb") as file:
            if sudo_uid is not None:
                _refuse_foreign(path, os.fstat(file.fileno()), sudo_uid)
            return tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        if must_exist:
            raise InputError(
                say("configuration {path} is not there", path=path), say("give --config a file that exists")
            ) from error
        return {}
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(
            say("configuration {path} cannot be read ({why})", path=path, why=why),
            say("make it readable or move it away"),
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(say("configuration {path} is not UTF-8 text", path=path), say("save it as UTF-8")) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError names line and column
        raise InputError(
            say("configuration {path} is not TOML: {why}", path=path, why=error), say("mend that line")
        ) from error


def _refuse_foreign(path: Path, status: os.stat_result, sudo_uid: str) -> None:
    """A vantage can be a command: a file that lies about must be the caller's or root's, as ssh asks of its own.

    ``sudo_uid`` is who called sudo, or empty.
    """
    owners = {os.geteuid(), 0, *([int(sudo_uid)] if sudo_uid.isdecimal() else [])}
    if status.st_uid not in owners:
        why = say("it belongs to another user")
    elif status.st_mode & stat.S_IWOTH:
        why = say("anybody may write to it")
    else:
        return
    remedy = say("give --config {path} if you trust it, or move it away", path=path)
    raise InputError(say("configuration {path} is not trusted: {why}", path=path, why=why), remedy)


def _refuse_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    names = list(known)
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            remedy = (
                say("did you mean {near}?", near=near[0]) if near else say("known are {names}", names=", ".join(names))
            )
            raise InputError(say("unknown key {key!r} {where}", key=key, where=where), remedy)


def _typed(shape: Shape, text: str) -> object:
    """What a flag's or a variable's text stands for; a text that stands for nothing stays, to be named in the error."""
    if shape is Shape.LIST:  # one value a line, or parted by semicolons
        return [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]
    if shape is Shape.NUMBER:
        return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else text
    if shape is Shape.SWITCH:
        return YES_OR_NO.get(text.lower(), text)
    return text


def _fits(shape: Shape, raw: object) -> bool:
    if shape is Shape.LIST:
        return isinstance(raw, list) and all(isinstance(one, str) for one in raw)
    return type(raw) is {Shape.TEXT: str, Shape.NUMBER: int, Shape.SWITCH: bool}[shape]


def _parse(option: Option, where: str, raw: Any, sample: str) -> object:
    """Raises InputError naming the place, the value and a sample of what to write."""
    remedy = say("write it like {sample}", sample=sample)
    if not _fits(option.shape, raw):
        raise InputError(_not_of_shape(option, where, raw), remedy)
    try:
        return tuple(option.parse(one) for one in raw) if option.shape is Shape.LIST else option.parse(raw)
    except InputError as error:
        raise InputError(say("{where}: {message}", where=where, message=error.message), error.remedy) from error
    except ValueError as error:
        raise InputError(say("{where}: {why}", where=where, why=error), remedy) from error


def _not_of_shape(option: Option, where: str, raw: object) -> str:
    if option.secret:
        return say("{where} is not {shape}", where=where, shape=option.shape)
    return say("{where} is {value}, not {shape}", where=where, value=repr(raw), shape=option.shape)


def _text(raw: str) -> str:
    if not raw.strip():
        raise ValueError(say("there is nothing in it"))
    return raw


def _one_of(choices: Iterable[str], make: Callable[[str], object] = str) -> Callable[[str], object]:
    names = [str(choice) for choice in choices]

    def parse_choice(raw: str) -> object:
        if raw not in names:
            raise ValueError(say("{value} is none of {names}", value=repr(raw), names=", ".join(names)))
        return make(raw)

    return parse_choice


def _address(raw: str) -> IPv6Address:
    try:
        address = IPv6Address(raw.strip())
    except ValueError as error:
        raise ValueError(say("{value} is no IPv6 address", value=repr(raw))) from error
    if address.scope_id is not None:
        raise ValueError(say("{value} is link-local, which nobody outside can reach", value=repr(raw)))
    return address


def _rate(raw: int) -> int:
    if not 1 <= raw <= HIGHEST_RATE:
        raise ValueError(
            say("{value} is not between 1 and {highest} packets a second", value=str(raw), highest=HIGHEST_RATE)
        )
    return raw


def _output(raw: str) -> str:
    name, equals, path = raw.partition("=")
    if not (name and equals and path):
        raise ValueError(say("{value} is not FORMAT=PATH", value=repr(raw)))
    return raw


def _path(raw: str) -> Path:
    try:
        return Path(_text(raw)).expanduser()
    except RuntimeError as error:  # ~nobody
        raise ValueError(say("{value} names no home directory", value=repr(raw))) from error


TEXT, LIST, NUMBER, SWITCH = Shape
OPTIONS: tuple[Option, ...] = (
    Option("vantages", "--vantage", LIST, _text, "ssh:me@vps.example.net", "Where to look from; each one looks."),
    Option("profile", "--profile", TEXT, _one_of(Profile, Profile), "standard", "How much: quick, standard or full."),
    Option("addresses", "--address", LIST, _address, "2001:db8::1", "Only these addresses of the host."),
    Option("tcp", "--tcp", TEXT, PortSet.parse, "22,80,1000-2000", "TCP ports, in place of the profile's."),
    Option("udp", "--udp", TEXT, PortSet.parse, "53,500", "UDP ports, in place of the profile's."),
    Option("rate", "--rate", NUMBER, _rate, "10000", "Most packets a second."),
    Option("expect", "--expect", TEXT, _one_of(Expectation, Expectation), "strict", "What the router is meant to do."),
    Option("fail_on", "--fail-on", TEXT, _one_of(FAIL_ON), "high", "Exit 1 from this severity on."),
    Option("lang", "--lang", TEXT, _one_of(LANGUAGES), "en", "Language of the report."),
    Option("outputs", "--output", LIST, _output, "html=report.html", "Documents to write."),
    Option("policy", "--policy", TEXT, _path, "policy.toml", "File that says what may be open."),
    Option("names", "--name", LIST, _text, "www.example.org", "Names of this host, to look up in the DNS."),
    Option("router", "--router", TEXT, _text, "yamaha-rtx", "Which router it is, for the remedies."),
    Option("nmap", "--nmap", SWITCH, bool, "true", "Ask nmap for a second opinion."),
    Option("batteries", "--battery", LIST, _one_of((*BATTERIES, NO_BATTERY)), "evasion", "Batteries to play, or none."),
    Option("slow", "--slow", SWITCH, bool, "false", "Test state timers at full length."),
    Option("store", "--store", TEXT, _text, "/srv/v6expose/runs.db", "Where runs are kept: a file, a URL, or none."),
    Option("keep", "--keep", TEXT, Keep.parse, "90 days", "Forget runs that are older."),
    Option("locate_all", "--locate-all", SWITCH, bool, "true", "Find where every silent port ends, not a sample."),
    Option(
        "notify",
        "--notify",
        LIST,
        Source.parse,
        "file:/etc/v6expose/notify",
        "Whom to tell: files of URLs.",
        secret=True,
    ),
    Option("notify_from", "--notify-from", TEXT, _one_of(Severity, Severity), "medium", "Tell from this severity on."),
)
OPTIONS_BY_KEY: Mapping[str, Option] = MappingProxyType({option.key: option for option in OPTIONS})
KEYS: tuple[str, ...] = tuple(OPTIONS_BY_KEY)


def each(configuration: Configuration) -> Iterator[tuple[Option, object, str]]:
    """Every option with its value and its origin, in the order of the table."""
    for option in OPTIONS:
        yield option, getattr(configuration, option.key), configuration.origins.get(option.key, DEFAULT)
