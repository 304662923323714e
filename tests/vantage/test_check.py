"""What a place can do, in values and on the command line."""

import json
import sys
import time
from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from click.testing import CliRunner, Result

from scanner.cli.main import cli
from scanner.cli.vantage import clock_words, document_of, rows_of
from scanner.model.errors import EnvironmentFault
from scanner.vantage.check import Check, check
from scanner.vantage.session import Hello
from scanner.vantage.spec import ExecSpec, parse_spec

HELLO = Hello(
    python="3.11.2",
    system="Linux",
    root=True,
    raw=True,
    why=None,
    nmap="7.93",
    addresses=(IPv6Address("2001:db8::1"), IPv6Address("2001:db8::2")),
    clock=0.0,
)
FOUND = Check(parse_spec("ssh:vps"), HELLO, IPv6Address("2001:db8::2"), 0.0123, -0.001)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["vantage", "check", *words])


def test_a_place_that_can_do_everything() -> None:
    assert dict(rows_of(FOUND)) == {
        "vantage": "ssh:vps",
        "python": "3.11.2 on Linux",
        "packets": "raw",
        "nmap": "7.93",
        "addresses": "2001:db8::1, 2001:db8::2",
        "source": "2001:db8::2",
        "round trip": "12.3 ms",
        "clock": "as here",
    }


def test_a_place_that_can_do_little_says_why() -> None:
    poor = replace(
        HELLO, root=False, raw=False, why="Operation not permitted: the login is not root", nmap=None, addresses=()
    )
    rows = dict(rows_of(replace(FOUND, hello=poor, source=None)))
    assert rows["packets"].startswith(
        "connect() and plain UDP only (Operation not permitted: the login is not root); log"
    )
    assert rows["nmap"].startswith("none")
    assert rows["addresses"] == "no global IPv6 address"
    assert rows["source"].startswith("unknown")


def test_what_the_far_end_says_cannot_paint_the_terminal() -> None:
    evil = replace(HELLO, python="3\x1b[2J\n9", nmap="7\u202e", why="\r")
    assert all(text.isprintable() for _, text in rows_of(replace(FOUND, hello=evil)))


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(0.0, "as here"), (-0.04, "as here"), (2.5, "2.50 s ahead of this host's"), (-61, "61.00 s behind this host's")],
)
def test_clocks(ahead: float, words: str) -> None:
    assert clock_words(ahead) == words


def test_this_machine_checked_by_its_loopback() -> None:
    found = check(ExecSpec(("env",)), IPv6Address("::1"))
    assert found.source == IPv6Address("::1")
    assert 0 < found.round_trip < 1
    assert abs(found.clock) < 0.05
    assert abs(found.hello.clock - time.time()) < 30


def test_the_command_as_text_and_as_json() -> None:
    text, document = run("exec:env"), run("exec:env", "--json")
    assert (text.exit_code, document.exit_code) == (0, 0)
    assert [line.split()[0] for line in text.stdout.splitlines()][:4] == ["vantage", "python", "packets", "nmap"]
    told = json.loads(document.stdout)
    assert told.keys() == document_of(FOUND).keys()
    assert told["spec"] == "exec:env"
    assert run("exec:env", "--quiet").stdout == ""


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        ("exec:false", 4, "did not start"),
        ("netns:no-such-namespace", 4, "ip netns list"),
        ("ssh:-x", 2, "no host name"),
        ("vps", 2, "ssh:[user@]host[:port]"),
    ],
)
def test_what_cannot_serve_is_one_line_with_a_remedy(spec: str, status: int, said: str) -> None:
    result = run(spec)
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("v6expose: vantage ")
    assert said in result.stderr


SAYS_HELLO_AND_GOES = """
import json, os
hello = {"e": "hello", "python": "3", "system": "x", "euid": 0, "raw": True, "why": None, "nmap": None}
os.write(1, json.dumps({**hello, "addresses": [], "clock": 0}).encode() + b"\\n")
while b"ping" not in os.read(0, 65536):
    pass
"""


def test_a_line_that_breaks_while_asking_cannot_serve() -> None:
    with pytest.raises(EnvironmentFault, match="was lost") as caught:
        check(ExecSpec((sys.executable, "-c", SAYS_HELLO_AND_GOES)), None)
    assert caught.value.exit_status == 4
