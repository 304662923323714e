"""Layers, origins, and what is said of values that do not fit."""

import os
import tomllib
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.config import KEYS, OPTIONS, Configuration, files, load, plain
from scanner.model.errors import InputError
from scanner.model.ports import PortSet
from scanner.model.settings import BATTERIES, HIGHEST_RATE, Expectation, Profile, Settings

DOCUMENT = Path(__file__).parent.parent / "docs" / "configuration.md"


class Places:
    """A directory with a place for each layer."""

    def __init__(self, root: Path) -> None:
        self.cwd, self.home, self.system = root / "cwd", root / "home", root / "etc.toml"
        self.named, self.local = root / "named" / "own.toml", self.cwd / "v6expose.toml"
        self.xdg = self.home / ".config" / "v6expose" / "config.toml"
        for path in (self.named, self.local, self.xdg):
            path.parent.mkdir(parents=True)

    def load(self, named: Path | None = None, flags: dict[str, Any] | None = None, **environment: str) -> Configuration:
        return load(flags or {}, {"HOME": str(self.home), **environment}, named, self.cwd, self.system)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_the_strongest_place_wins_and_says_so(places: Places) -> None:
    """Each layer is taken away in turn; the next one shows."""
    for path, rate in ((places.named, 3), (places.local, 4), (places.xdg, 5), (places.system, 6)):
        path.write_text(f"rate = {rate}\n")
    seen = [
        places.load(places.named, {"rate": "1"}, V6EXPOSE_RATE="2"),
        places.load(places.named, V6EXPOSE_RATE="2"),
        places.load(places.named),
        places.load(),
    ]
    places.local.unlink()
    seen.append(places.load())
    places.xdg.unlink()
    seen.append(places.load())
    places.system.unlink()
    seen.append(places.load())
    assert [(one.rate, one.origins["rate"]) for one in seen] == [
        (1, "flag"),
        (2, "V6EXPOSE_RATE"),
        (3, str(places.named)),
        (4, str(places.local)),
        (5, str(places.xdg)),
        (6, str(places.system)),
        (10_000, "default"),
    ]


def test_layers_join_key_by_key(places: Places) -> None:
    places.local.write_text('profile = "full"\nrate = 5\n')
    found = places.load(flags={"rate": "7"})
    assert (found.profile, found.rate) == (Profile.FULL, 7)
    assert (found.origins["profile"], found.origins["lang"]) == (str(places.local), "default")
    assert tuple(found.origins) == KEYS


def test_everything_from_a_file(places: Places) -> None:
    places.local.write_text(
        'vantages = ["ssh:me@vps", "exec:docker run out"]\nprofile = "quick"\naddresses = ["2001:db8::1"]\ntcp = "22"\n'
        'udp = ""\nrate = 5\nexpect = "rfc6092"\nfail_on = "never"\nlang = "ja"\noutputs = ["json=-"]\n'
        'names = ["www.example.org"]\npolicy = "p.toml"\nnmap = false\nlocate_all = false\n'
        'batteries = ["icmpv6"]\nslow = true\n'
    )
    written = tomllib.loads(places.local.read_text())
    found = places.load()
    assert found == Configuration(
        vantages=("ssh:me@vps", "exec:docker run out"),
        profile=Profile.QUICK,
        addresses=(IPv6Address("2001:db8::1"),),
        tcp=PortSet.parse("22"),
        udp=PortSet(),
        rate=5,
        expect=Expectation.RFC6092,
        fail_on="never",
        lang="ja",
        outputs=("json=-",),
        policy=places.cwd / "p.toml",
        names=("www.example.org",),
        nmap=False,
        locate_all=False,
        batteries=("icmpv6",),
        slow=True,
        origins={key: str(places.local) if key in written else "default" for key in KEYS},
    )
    assert found.settings() == Settings(
        Profile.QUICK,
        (IPv6Address("2001:db8::1"),),
        PortSet.parse("22"),
        PortSet(),
        5,
        Expectation.RFC6092,
        nmap=False,
        locate_all=False,
        batteries=("icmpv6",),
        slow=True,
    )


def test_defaults_are_the_settings_defaults(places: Places) -> None:
    assert places.load().settings() == Settings(batteries=BATTERIES)
    assert places.load(flags={"profile": "quick"}).settings() == Settings(Profile.QUICK)


@pytest.mark.parametrize(
    ("asked", "profile", "played"),
    [
        (["evasion"], "standard", ("evasion",)),
        (["icmpv6", "evasion"], "quick", ("evasion", "icmpv6")),
        (["none"], "full", ()),
        ([], "full", BATTERIES),
        ([], "quick", ()),
    ],
)
def test_batteries_are_the_asked_ones_or_the_profiles(
    places: Places, asked: list[str], profile: str, played: tuple[str, ...]
) -> None:
    assert places.load(flags={"batteries": asked or None, "profile": profile}).settings().batteries == played


def test_no_battery_and_one_is_a_contradiction(places: Places) -> None:
    with pytest.raises(InputError, match="--battery none beside --battery icmpv6"):
        places.load(flags={"batteries": ["none", "icmpv6"]}).settings()


def test_everything_from_the_environment(places: Places) -> None:
    found = places.load(
        V6EXPOSE_VANTAGES="ssh:a; exec:docker exec -i out",
        V6EXPOSE_ADDRESSES="2001:db8::1\n2001:db8::2\n",
        V6EXPOSE_TCP="1-3",
        V6EXPOSE_NMAP="off",
        V6EXPOSE_POLICY="p.toml",
    )
    assert found.vantages == ("ssh:a", "exec:docker exec -i out")
    assert [str(address) for address in found.addresses] == ["2001:db8::1", "2001:db8::2"]
    assert (str(found.tcp), found.nmap, found.policy) == ("1-3", False, Path("p.toml"))


def test_flags_as_the_command_line_gives_them(places: Places) -> None:
    flags = {
        "vantages": ["ssh:a;b"],
        "tcp": "",
        "nmap": False,
        "profile": None,
        "addresses": (),
        "outputs": ("json=-",),
    }
    found = places.load(flags=flags)
    assert (found.vantages, found.tcp, found.nmap, found.outputs) == (("ssh:a;b",), PortSet(), False, ("json=-",))
    assert (found.origins["profile"], found.origins["addresses"]) == ("default", "default")


def test_an_empty_variable_is_not_set(places: Places) -> None:
    assert places.load(V6EXPOSE_TCP="").tcp is None


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("rat = 5", "unknown key 'rat' in FILE: did you mean rate?"),
        ('fail-on = "low"', "unknown key 'fail-on' in FILE: did you mean fail_on?"),
        ('vantage = "ssh:a"', "unknown key 'vantage' in FILE: did you mean vantages?"),
        ("[zzz]\nq = 1", f"unknown key 'zzz' in FILE: known are {', '.join(KEYS)}"),
        ('rate = "fast"', "FILE: rate is 'fast', not a whole number: write it like rate = 10000"),
        ("rate = true", "FILE: rate is True, not a whole number: write it like rate = 10000"),
        ("rate = 5.5", "FILE: rate is 5.5, not a whole number: write it like rate = 10000"),
        ("rate = 0", "FILE: rate: 0 is not between 1 and 200000 packets a second: write it like rate = 10000"),
        (f"rate = {HIGHEST_RATE + 1}", "FILE: rate: 200001 is not between"),
        ("nmap = 1", "FILE: nmap is 1, not true or false: write it like nmap = true"),
        ('nmap = "no"', "FILE: nmap is 'no', not true or false"),
        ('vantages = "ssh:a"', "FILE: vantages is 'ssh:a', not a list of texts: write it like vantages = ["),
        ("vantages = [1]", "FILE: vantages is [1], not a list of texts"),
        ('vantages = [" "]', "FILE: vantages: there is nothing in it"),
        ('profile = "ful"', "FILE: profile: 'ful' is none of quick, standard, full: write it like profile = "),
        ("profile = []", "FILE: profile is [], not text"),
        ('fail_on = "info"', "FILE: fail_on: 'info' is none of low, medium, high, critical, never"),
        ('lang = "de"', "FILE: lang: 'de' is none of en, ja"),
        ('expect = "Strict"', "FILE: expect: 'Strict' is none of strict, rfc6092, transparent"),
        ('addresses = ["192.0.2.1"]', "FILE: addresses: '192.0.2.1' is no IPv6 address"),
        ('addresses = ["fe80::1%eth0"]', "FILE: addresses: 'fe80::1%eth0' is link-local"),
        ('tcp = "70000"', "FILE: tcp: port 70000 does not exist: ports run from 1 to 65535"),
        ("tcp = 22", "FILE: tcp is 22, not text: write it like tcp = "),
        ('outputs = ["report.html"]', "FILE: outputs: 'report.html' is not FORMAT=PATH"),
        ('policy = ""', "FILE: policy: there is nothing in it"),
        ('policy = "~nobody-of-that-name/p"', "FILE: policy: '~nobody-of-that-name/p' names no home directory"),
        ("rate =", "configuration FILE is not TOML: Invalid value (at end of document): mend that line"),
        ("rate = 1\nlang = ,\n", "configuration FILE is not TOML: Invalid value (at line 2, column 8)"),
        ("a = " + "[" * 5000, "configuration FILE is not TOML"),
    ],
)
def test_a_file_that_does_not_fit(places: Places, toml: str, message: str) -> None:
    places.local.write_text(toml)
    with pytest.raises(InputError) as caught:
        places.load()
    assert str(caught.value).startswith(message.replace("FILE", str(places.local)))
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("V6EXPOSE_RATE", "fast", "V6EXPOSE_RATE is 'fast', not a whole number: write it like V6EXPOSE_RATE=10000"),
        ("V6EXPOSE_RATE", "9" * 5000, "V6EXPOSE_RATE is '999"),
        ("V6EXPOSE_RATE", "٣", "V6EXPOSE_RATE is '٣', not a whole number"),
        ("V6EXPOSE_NMAP", "maybe", "V6EXPOSE_NMAP is 'maybe', not true or false: write it like V6EXPOSE_NMAP=true"),
        ("V6EXPOSE_RAT", "1", "unknown key 'V6EXPOSE_RAT' in the environment: did you mean V6EXPOSE_RATE?"),
        ("V6EXPOSE_VANTAGE", "a", "unknown key 'V6EXPOSE_VANTAGE' in the environment: did you mean V6EXPOSE_VANTAGES?"),
    ],
)
def test_a_variable_that_does_not_fit(places: Places, name: str, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        places.load(**{name: text})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"rate": "x"}, "--rate is 'x', not a whole number: write it like --rate 10000"),
        (
            {"fail_on": "x"},
            "--fail-on: 'x' is none of low, medium, high, critical, never: write it like --fail-on high",
        ),
        ({"addresses": ["x"]}, "--address: 'x' is no IPv6 address: write it like --address 2001:db8::1"),
        ({"outputs": ["x"]}, "--output: 'x' is not FORMAT=PATH: write it like --output html=report.html"),
    ],
)
def test_a_flag_that_does_not_fit(places: Places, flags: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        places.load(flags=flags)
    assert str(caught.value) == message


def test_a_weaker_place_is_checked_too(places: Places) -> None:
    """A mistake does not lie in wait until the flag is left out."""
    places.local.write_text('rate = "fast"')
    with pytest.raises(InputError, match="rate is 'fast'"):
        places.load(flags={"rate": "5"})


def test_a_named_file_must_be_there_and_others_need_not(places: Places) -> None:
    assert places.load().rate == 10_000
    with pytest.raises(InputError, match=r"own\.toml is not there: give --config a file that exists"):
        places.load(places.named)


def test_an_unreadable_file_is_named(places: Places) -> None:
    places.local.mkdir()
    with pytest.raises(InputError, match=r"v6expose\.toml cannot be read \(Is a directory\): make it readable"):
        places.load()


def test_bytes_that_are_no_text_are_named(places: Places) -> None:
    places.local.write_bytes(b'lang = "\xff"')
    with pytest.raises(InputError, match=r"v6expose\.toml is not UTF-8 text"):
        places.load()


def test_a_file_that_anybody_may_write_must_be_named_to_be_trusted(places: Places) -> None:
    for path in (places.local, places.xdg):
        path.write_text("rate = 5\n")
        path.chmod(0o666)
        with pytest.raises(
            InputError, match=r"is not trusted: anybody may write to it: give --config .* if you trust it"
        ):
            places.load()
        assert places.load(path).rate == 5
        path.unlink()
    places.system.write_text("rate = 6\n")
    places.system.chmod(0o666)
    assert places.load().rate == 6


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused_unless_that_user_called_sudo(places: Places) -> None:
    places.local.write_text("rate = 5\n")
    try:
        os.chown(places.local, 4321, 4321)
    except OSError:
        pytest.skip("this user namespace has one user only")
    with pytest.raises(InputError, match="is not trusted: it belongs to another user"):
        places.load()
    with pytest.raises(InputError, match="is not trusted"):
        places.load(SUDO_UID="4322")
    assert places.load(SUDO_UID="4321").rate == 5
    assert places.load(places.local).rate == 5


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_an_xdg_directory_that_is_not_absolute_is_not_used(places: Places, value: str) -> None:
    places.xdg.write_text("rate = 5\n")
    assert places.load(XDG_CONFIG_HOME=value).rate == 5
    assert places.load(XDG_CONFIG_HOME=str(places.cwd)).rate == 10_000


def test_without_a_home_there_are_two_places(tmp_path: Path) -> None:
    assert files({}, None, tmp_path) == (tmp_path / "v6expose.toml", Path("/etc/v6expose/config.toml"))


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3))
def test_flags_of_any_type_load_or_are_refused(flags: dict[str, Any]) -> None:
    with suppress(InputError):
        found = load(flags, {}, None, Path("/nonexistent"), Path("/nonexistent"))
        assert all(isinstance(plain(getattr(found, key)), (str, int, list, type(None))) for key in KEYS)


@given(st.dictionaries(st.sampled_from([option.variable for option in OPTIONS]), st.text(), max_size=4))
def test_variables_of_any_text_load_or_are_refused(environment: dict[str, str]) -> None:
    with suppress(InputError):
        load({}, environment, None, Path("/nonexistent"), Path("/nonexistent"))


@given(st.binary(max_size=200))
def test_files_of_any_bytes_load_or_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(content)
    with suppress(InputError):
        load({}, {}, path, Path("/nonexistent"), Path("/nonexistent"))


def test_every_sample_is_taken(places: Places) -> None:
    places.local.write_text("\n".join(option.toml for option in OPTIONS))
    assert set(places.load().origins.values()) == {str(places.local)}
    for option in OPTIONS:
        assert places.load(**{option.variable: option.sample}).origins[option.key] == option.variable


def test_the_document_names_every_key_flag_variable_and_default(places: Places) -> None:
    rows = {line.split("`")[1]: line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")}
    assert tuple(rows) == KEYS
    defaults = Configuration()
    for option in OPTIONS:
        assert f"`{option.flag}`" in rows[option.key]
        assert f"`{option.variable}`" in rows[option.key]
        default = plain(getattr(defaults, option.key))
        if default not in (None, []):
            assert f"| `{str(default).lower()}` |" in rows[option.key]


def test_the_documents_file_is_valid(places: Places) -> None:
    block = DOCUMENT.read_text().partition("```toml\n")[2].partition("```")[0]
    assert tuple(tomllib.loads(block)) == KEYS
    places.local.write_text(block)
    assert set(places.load().origins.values()) == {str(places.local)}


@pytest.mark.parametrize(
    "value", ['"mailto://me:hunter2@example.org"', '["ntfys://me:hunter2@ntfy.sh/t"]', '["file:hunter2"]']
)
def test_a_secret_that_was_written_into_the_configuration_is_not_repeated(places: Places, value: str) -> None:
    places.local.write_text(f"notify = {value}\n")
    with pytest.raises(InputError) as refused:
        places.load()
    assert "hunter2" not in str(refused.value)
    assert f"{places.local}: notify" in str(refused.value)
    assert "file:/" in str(refused.value)


def test_places_of_notices(places: Places) -> None:
    places.local.write_text('notify = ["file:~/n", "credential:notify", "none"]\nnotify_from = "low"\n')
    found = places.load(HOME=str(places.home))
    assert plain(found.notify)[1:] == ["credential:notify", "none"]  # type: ignore[index]
    assert found.notify[0].where.endswith("/n")
    assert found.notify_from == "low"
