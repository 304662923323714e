"""``v6expose names``: against a real name server, with the addresses of a host that is made up."""

import json
from dataclasses import replace
from ipaddress import IPv6Address
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.model.address import Address, Inventory, Kind, Origin, State
from tests.names.conftest import name_server as name_server  # noqa: PLC0414 - a fixture is found by its name
from tests.names.nameserver import LOOPBACK, NameServer, free_port, silent

STABLE = Address(
    IPv6Address("2001:db8:a::10"), 64, "eth0", Kind.STABLE, State.PREFERRED, Origin.STABLE_PRIVACY, 14_400, 86_400
)
TEMPORARY = replace(
    STABLE, ip=IPv6Address("2001:db8:a::11"), kind=Kind.TEMPORARY, origin=Origin.TEMPORARY, valid_lifetime=170_000
)
HOST = Inventory("atom", "Linux", (STABLE, TEMPORARY), (), None)


@pytest.fixture(autouse=True)
def _host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.discovery.inventory.discover", lambda: HOST)


def run(server: str, *arguments: str, search: bool = False) -> Result:
    asked = ("--resolver", server, "--authoritative", server, "--timeout", "1")
    hidden = () if search else ("--no-ddns",)
    return CliRunner().invoke(cli, ["names", *asked, *hidden, *arguments])


def test_all_good_is_0(name_server: NameServer) -> None:
    name_server.update("home.example", "good.home.example", 60, str(STABLE.ip))
    result = run(name_server.text, "good.home.example")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "2001:db8:a::10" in result.stdout
    assert "good: stable and preferred" in result.stdout
    assert "PTR of 2001:db8:a::10: www.home.example" in result.stdout
    assert "1 name checked, all good." in result.stdout


def test_a_temporary_address_is_1_and_told_with_its_end(name_server: NameServer) -> None:
    result = run(name_server.text, "www.home.example")
    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert "TEMPORARY, dies in 47 hours (TTL 120 s)" in text
    assert "MEDIUM www.home.example names a temporary address (V6X012)" in text
    assert "DNS: let www.home.example name 2001:db8:a::10, the stable address of this host." in text


@pytest.mark.parametrize("extra", [(), ("-v",)])
def test_it_fits_80_columns(name_server: NameServer, tmp_path: Path, extra: tuple[str, ...]) -> None:
    settings = tmp_path / ("long" * 30 + ".conf")
    settings.write_text("usev6=webv6 www.home.example\n")
    result = run(name_server.text, "--ddns-config", f"ddclient={settings}", "many.home.example", *extra)
    assert result.exit_code == 1
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert "2001:db8:b::64" in result.stdout


def test_a_question_that_stays_open_is_3_whatever_else_was_found(name_server: NameServer) -> None:
    with silent() as mute:
        second = f"{mute.address}:{mute.port}"
        result = run(name_server.text, "--authoritative", second, "--timeout", "0.2", "www.home.example")
    assert result.exit_code == 3
    assert "TIMEOUT: no answer within 0.2 s" in " ".join(result.stdout.split())
    assert "1 with a question that stayed unanswered" in result.stdout
    closed = run(f"{LOOPBACK}:{free_port()}", "www.home.example")
    assert (closed.exit_code, "UNREACHABLE: Connection refused" in " ".join(closed.stdout.split())) == (3, True)


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("nobody.home.example", 1, "NXDOMAIN"),
        ("v4only.home.example", 1, "NODATA"),
        ("www.broken.example", 3, "SERVFAIL"),
        ("www.elsewhere.example", 3, "REFUSED"),
    ],
)
def test_each_end_of_a_question(name_server: NameServer, name: str, status: int, word: str) -> None:
    result = run(name_server.text, name)
    assert (result.exit_code, word in result.stdout) == (status, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no name",), "v6expose: 'no name' is no domain name: write a full domain name, for example www.example.org"),
        ((), "v6expose: there is no name to check: give one, for example v6expose names www.example.org"),
        (("a.example", "--resolver", "dns.example"), "v6expose: 'dns.example' is no address of a name server: write"),
        (("a.example", "--ddns-config", "dyndns=/x"), "v6expose: 'dyndns=/x' is not CLIENT=PATH: CLIENT is one of"),
    ],
)
def test_bad_input_is_2_and_one_line(arguments: tuple[str, ...], message: str) -> None:
    result = run("127.0.0.1", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_json_tells_all_of_it(name_server: NameServer, tmp_path: Path) -> None:
    settings = tmp_path / "ddclient.conf"
    settings.write_text("password=S3CRET\nusev6=webv6 www.home.example\n@\n")
    result = run(name_server.text, "--json", "--ddns-config", f"ddclient={settings}")
    assert result.exit_code == 1
    assert "S3CRET" not in result.output
    document = json.loads(result.stdout)
    (name,) = document["names"]
    assert (name["name"], name["unanswered"]) == ("www.home.example", False)
    assert [one["standing"] for one in name["addresses"]] == ["stable", "temporary"]
    assert name["addresses"][1] == {
        "address": "2001:db8:a::11",
        "standing": "temporary",
        "interface": "eth0",
        "preferred_lifetime": 14_400,
        "valid_lifetime": 170_000,
        "ttl": 120,
        "everywhere": True,
    }
    assert [(one["role"], one["outcome"], one["ttl"]) for one in name["answers"]] == [
        ("authoritative", "answered", 120),
        ("resolver", "answered", 120),
    ]
    kept = {"client": "ddclient", "path": str(settings), "line": 2, "method": "outgoing", "setting": "usev6=webv6"}
    assert name["kept_by"] == [kept]
    assert [one["record"] for one in document["pointers"]] == ["PTR", "PTR"]
    assert [one["rule"] for one in document["findings"]] == ["V6X012"]
    assert document["problems"] == [f"{settings}:3: a host that is not a full domain name is left out"]
    assert "ifv6=eth0" in document["findings"][0]["remedy"]


def test_what_could_not_be_read_goes_to_standard_error_unless_quiet(name_server: NameServer, tmp_path: Path) -> None:
    settings = tmp_path / "inadyn.conf"
    settings.write_text("provider p { hostname = @ }")
    arguments = ("www.home.example", "--ddns-config", f"inadyn={settings}")
    loud, quiet = run(name_server.text, *arguments), run(name_server.text, *arguments, "-q")
    assert loud.stderr == f"v6expose: {settings}:1: a host that is not a full domain name is left out\n"
    assert quiet.stderr == ""


def test_a_settings_file_that_is_missing_is_2(name_server: NameServer) -> None:
    result = run(name_server.text, "www.home.example", "--ddns-config", "inadyn=/nowhere/inadyn.conf")
    assert result.exit_code == 2
    assert result.stderr.startswith("v6expose: /nowhere/inadyn.conf: not a file that can be read: name a file")


def test_names_of_the_configuration_are_checked_where_none_is_given(
    name_server: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    Path("v6expose.toml").write_text('names = ["www.home.example"]\n')
    Path("other.toml").write_text('names = ["good.home.example"]\n')

    def checked(*arguments: str) -> list[str]:
        return [one["name"] for one in json.loads(run(name_server.text, "--json", *arguments).stdout)["names"]]

    assert checked() == ["www.home.example"]
    assert checked("--config", "other.toml") == ["good.home.example"]
    assert checked("--name", "good.home.example") == ["good.home.example"]
    monkeypatch.setenv("V6EXPOSE_NAMES", "good.home.example;www.home.example")
    assert checked() == ["good.home.example", "www.home.example"]
