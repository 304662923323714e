"""Each file format: which names, how the address is chosen, on which line; and nothing else of the file."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.model.names import Method
from scanner.names.ddns import (
    CLIENTS,
    LARGEST,
    SettingsFile,
    cloudflare_env,
    cloudflare_json,
    cloudflare_toml,
    ddclient,
    ddns_go,
    ddns_route53,
    find_settings,
    inadyn,
)
from scanner.names.ddns.reading import Reading
from tests.names.ddns import samples

Parse = Callable[[str, str], Reading]
SAMPLES: tuple[tuple[Parse, str], ...] = (
    (ddclient.parse, samples.DDCLIENT),
    (inadyn.parse, samples.INADYN),
    (ddns_route53.parse, samples.ROUTE53),
    (cloudflare_json.parse, samples.CLOUDFLARE_JSON),
    (cloudflare_env.parse, samples.CLOUDFLARE_ENV),
    (cloudflare_env.parse_compose, samples.COMPOSE),
    (cloudflare_toml.parse, samples.CLOUDFLARE_TOML),
    (ddns_go.parse, samples.DDNS_GO),
)


def told(reading: Reading) -> list[tuple[str, int, Method, str]]:
    return [(one.name, one.line, one.method, one.setting) for one in reading.publications]


def test_ddclient() -> None:
    reading = ddclient.parse(samples.DDCLIENT, "/etc/ddclient.conf")
    assert told(reading) == [
        ("www.example.org", 10, Method.OUTGOING, "usev6=webv6"),
        ("shop.example.org", 10, Method.OUTGOING, "usev6=webv6"),
        ("mail.example.org", 11, Method.STABLE, "usev6=ifv6, ifv6=eth0"),
        ("vpn.example.org", 12, Method.COMMAND, "usev6=cmdv6"),
        ("old.example.org", 13, Method.NONE, "usev6=disabled"),
    ]
    assert reading.problems == ("/etc/ddclient.conf:14: a host that is not a full domain name is left out",)


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ("use=web, web=x", Method.OUTGOING),
        ("use=if, if=eth0", Method.INTERFACE),
        ("use=cmd, cmd=x", Method.COMMAND),
        ("use=no", Method.NONE),
        ("ifv6=eth0", Method.STABLE),
        ("use=fw", Method.UNKNOWN),
        ("ssl=yes", Method.NONE),
    ],
)
def test_ddclient_without_usev6(options: str, method: Method) -> None:
    (one,) = ddclient.parse(f"{options} a.example.org", "f").publications
    assert one.method is method


def test_ddclient_lines_go_on_and_quotes_hide_separators() -> None:
    reading = ddclient.parse("usev6=ifv6, \\\nifv6='br lan', \\\n  a.example.org,b.example.org\nend\\", "f")
    assert told(reading) == [
        ("a.example.org", 3, Method.STABLE, "usev6=ifv6, ifv6=..."),
        ("b.example.org", 3, Method.STABLE, "usev6=ifv6, ifv6=..."),
    ]
    assert reading.problems == ("f:4: the file ends where a line should go on",)


def test_inadyn() -> None:
    reading = inadyn.parse(samples.INADYN, "/etc/inadyn.conf")
    assert told(reading) == [
        ("www.example.org", 7, Method.OUTGOING, "checkip-server"),
        ("shop.example.org", 7, Method.OUTGOING, "checkip-server"),
        ("mail.example.org", 15, Method.INTERFACE, "iface=eth0"),
        ("vpn.example.org", 22, Method.COMMAND, "checkip-command = ..."),
    ]
    assert reading.problems == ("/etc/inadyn.conf:18: what it includes is not read",)


def test_inadyn_discards_ipv6_unless_it_is_allowed() -> None:
    (one,) = inadyn.parse("provider p { hostname = a.example.org }", "f").publications
    assert (one.method, one.setting) == (Method.NONE, "allow-ipv6 = false")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('provider p {\n hostname = "a.example.org', "f:2: a quote that is not closed"),
        ("provider p {\n hostname = a.example.org\n", "f:2: a brace that is not closed"),
    ],
)
def test_inadyn_names_the_line_that_is_broken(text: str, problem: str) -> None:
    assert problem in inadyn.parse(text, "f").problems


def test_ddns_route53() -> None:
    assert told(ddns_route53.parse(samples.ROUTE53, "f")) == [
        ("www.example.org", 11, Method.OUTGOING, "wanip"),
        ("shop.example.org", 14, Method.OUTGOING, "wanip"),
    ]


def test_cloudflare_json_knows_only_the_part_before_the_zone() -> None:
    reading = cloudflare_json.parse(samples.CLOUDFLARE_JSON, "f")
    assert told(reading) == [
        ("www", 8, Method.INTERFACE, "ip6_provider=local.iface:eth0"),
        ("shop.example.org", 9, Method.INTERFACE, "ip6_provider=local.iface:eth0"),
    ]
    assert [one.whole for one in reading.publications] == [False, True]
    assert reading.publications[0].keeps("www.example.org")
    assert not reading.publications[0].keeps("wwww.example.org")
    lacking = "the file holds only the id of the zone: give the whole name as an argument"
    assert reading.problems == (f"f:6: {lacking}", f"f:8: {lacking}")


def test_cloudflare_json_without_ipv6_and_by_default() -> None:
    document = json.loads(samples.CLOUDFLARE_JSON)
    (_, off) = cloudflare_json.parse(json.dumps(document | {"aaaa": False}), "f").publications
    assert (off.method, off.setting) == (Method.NONE, '"aaaa": false')
    del document["ip6_provider"]
    (_, default) = cloudflare_json.parse(json.dumps(document), "f").publications
    assert (default.method, default.setting) == (Method.OUTGOING, "ip6_provider=cloudflare.trace")


def test_cloudflare_env() -> None:
    reading = cloudflare_env.parse(samples.CLOUDFLARE_ENV, "f")
    assert told(reading) == [
        ("example.org", 3, Method.OUTGOING, "IP6_PROVIDER=url:..."),
        ("www.example.org", 3, Method.OUTGOING, "IP6_PROVIDER=url:..."),
        ("*.example.org", 4, Method.OUTGOING, "IP6_PROVIDER=url:..."),
        ("fixed.example.org", 4, Method.FIXED, "hostid6"),
    ]
    assert reading.problems == ()


def test_cloudflare_compose() -> None:
    assert told(cloudflare_env.parse_compose(samples.COMPOSE, "f")) == [
        ("www.example.org", 7, Method.INTERFACE, "IP6_PROVIDER=local.iface:eth0"),
        ("shop.example.org", 13, Method.OUTGOING, "IP6_PROVIDER=cloudflare.trace"),
    ]


@pytest.mark.parametrize(
    ("provider", "method"),
    [("local.iface.stable:eth0", Method.STABLE), ("none", Method.NONE), ("static:2001:db8::1", Method.FIXED),
     ("local", Method.OUTGOING), ("psychic", Method.UNKNOWN)],
)  # fmt: skip
def test_cloudflare_providers(provider: str, method: Method) -> None:
    (one,) = cloudflare_env.parse(f"DOMAINS=a.example.org\nIP6_PROVIDER={provider}", "f").publications
    assert one.method is method


def test_cloudflare_toml_in_both_versions() -> None:
    assert told(cloudflare_toml.parse(samples.CLOUDFLARE_TOML, "f")) == [
        ("example.org", 8, Method.OUTGOING, "prefer_outgoing = true"),
        ("www.example.org", 8, Method.OUTGOING, "prefer_outgoing = true"),
        ("wiki.example.net", 9, Method.OUTGOING, "prefer_outgoing = true"),
    ]
    earlier = 'use_preferred_ipv6 = false\n[[zones]]\nname = "example.org"\nrecords = ["@", "www"]\n'
    names = [(one.name, one.method) for one in cloudflare_toml.parse(earlier, "f").publications]
    assert names == [("example.org", Method.INTERFACE), ("www.example.org", Method.INTERFACE)]


def test_ddns_go() -> None:
    setting = "gettype: netInterface, netinterface=eth0"
    assert told(ddns_go.parse(samples.DDNS_GO, "f")) == [
        ("www.example.org", 16, Method.INTERFACE, setting),
        ("shop.example.org", 17, Method.INTERFACE, setting),
        ("example.net", 18, Method.INTERFACE, setting),
    ]


@pytest.mark.parametrize(
    ("ipv6", "method"),
    [
        ({"enable": "true", "gettype": "url"}, Method.OUTGOING),
        ({"enable": "true", "gettype": "cmd"}, Method.COMMAND),
        ({"enable": "true", "gettype": "netInterface", "ipv6reg": "@2"}, Method.INTERFACE),
        ({"enable": "true", "gettype": "netInterface", "ipv6reg": "::1$"}, Method.FIXED),
        ({"enable": "false", "gettype": "url"}, Method.NONE),
        ({"enable": "true", "gettype": "telepathy"}, Method.UNKNOWN),
    ],
)
def test_how_ddns_go_chooses(ipv6: dict[str, str], method: Method) -> None:
    assert ddns_go.chosen(ipv6)[0] is method


def test_ddns_go_before_version_5() -> None:
    text = "ipv6:\n  enable: true\n  gettype: url\n  domains:\n    - a.example.org\n"
    assert told(ddns_go.parse(text, "f")) == [("a.example.org", 5, Method.OUTGOING, "gettype: url")]


@pytest.mark.parametrize(("parse", "text"), SAMPLES)
def test_no_secret_is_kept(parse: Parse, text: str) -> None:
    assert "S3CRET" in text
    reading = parse(text, "f")
    assert reading.publications
    assert "s3cret" not in repr(reading).lower()


@pytest.mark.parametrize(("parse", "text"), SAMPLES)
@given(data=st.data())
def test_no_secret_is_kept_of_a_broken_file_and_nothing_is_raised(parse: Parse, text: str, data: st.DataObject) -> None:
    """Lines lost, doubled and cut, and letters that mean something to the format thrown in."""
    lines = data.draw(st.lists(st.sampled_from(text.splitlines()), max_size=25))
    broken = "\n".join(lines)
    at = data.draw(st.integers(0, len(broken)))
    broken = broken[:at] + data.draw(st.text(alphabet="{}[]=:,\"'\\#\n\t&*!|>- ", max_size=4)) + broken[at:]
    reading = parse(broken, "f")
    assert all(problem.startswith("f:") for problem in reading.problems)
    values = [part for one in reading.publications for part in (one.setting, one.path, one.fix)]
    assert "s3cret" not in "".join(values + list(reading.problems)).lower()


@pytest.mark.parametrize("parse", [one.parse for one in CLIENTS])
@given(text=st.text())
def test_any_text_can_be_read(parse: Parse, text: str) -> None:
    reading = parse(text, "f")
    assert all(1 <= one.line <= text.count("\n") + 1 for one in reading.publications)


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    [
        (ddns_route53.parse, "route53:\n  recordsSet: [S3CRET", "f:2: not YAML from here on"),
        (ddns_go.parse, "dnsconf:\n\t- x", "f:2: not YAML from here on"),
        (cloudflare_env.parse_compose, "services: &a [*b]", "f:1: not YAML from here on"),
        (ddns_go.parse, "[" * 1500, "f:1: not YAML from here on"),
        (cloudflare_json.parse, '{"cloudflare": [\n S3CRET', "f:2: not JSON from here on"),
        (cloudflare_json.parse, "[" * 100_000, "f:1: not JSON that can be read"),
        (cloudflare_toml.parse, 'a = "b"\nS3CRET', "f:2: not TOML from here on"),
    ],
)
def test_a_file_that_is_broken_is_named_with_its_line(parse: Parse, text: str, problem: str) -> None:
    assert parse(text, "f").problems == (problem,)


def test_files_are_found_where_they_usually_lie(tmp_path: Path) -> None:
    for path, text in (
        ("etc/ddclient.conf", samples.DDCLIENT),
        ("home/me/.ddns_go_config.yaml", samples.DDNS_GO),
        ("opt/cloudflare-ddns/docker-compose.yml", samples.COMPOSE),
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    reading = find_settings(tmp_path)
    assert {one.client for one in reading.publications} == {"ddclient", "ddns-go", "cloudflare-ddns"}
    assert str(tmp_path / "etc/ddclient.conf") in {one.path for one in reading.publications}


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/inadyn.conf").mkdir()
    (tmp_path / "etc/ddclient.conf").write_bytes(b"#" * (LARGEST + 1))
    assert find_settings(tmp_path).problems == (
        f"{tmp_path}/etc/ddclient.conf: longer than 65,536 octets, not read",
        f"{tmp_path}/etc/inadyn.conf: not a file that can be read",
    )
    assert find_settings(tmp_path / "nothing") == Reading()


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    named = SettingsFile.parse(f"ddns-go={tmp_path}/missing.yaml")
    with pytest.raises(InputError, match=r"missing.yaml: not a file that can be read: name a file"):
        find_settings(tmp_path, [named])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_is_closed_is_named(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ddclient.conf").touch(mode=0)
    assert find_settings(tmp_path).problems == (f"{tmp_path}/etc/ddclient.conf: cannot be read (Permission denied)",)


def test_bytes_that_are_no_text_do_not_stop_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "d.conf"
    path.write_bytes(b"# \xff\xfe\nusev6=webv6 a.example.org\n")
    named = SettingsFile.parse(f"ddclient={path}")
    assert told(find_settings(tmp_path, [named])) == [("a.example.org", 2, Method.OUTGOING, "usev6=webv6")]


@pytest.mark.parametrize("one", CLIENTS)
def test_every_format_names_a_setting_and_where_it_is_documented(one: object) -> None:
    parse, text = next((parse, text) for parse, text in SAMPLES if parse is one.parse)  # type: ignore[attr-defined]
    for publication in parse(text, "f").publications:
        assert publication.source.startswith("https://github.com/")
        assert "{interface}" in publication.fix
