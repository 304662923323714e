"""The argv that runs an argv elsewhere."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.vantage.spec import parse_spec
from scanner.vantage.transport import SSH_OPTIONS, transport_argv

ARGV = ("python3", "-c", "print('a b')")
QUOTED = shlex.join(ARGV)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("netns:inet", ("ip", "netns", "exec", "inet", *ARGV)),
        ("exec:docker exec -i 'a b'", ("docker", "exec", "-i", "a b", *ARGV)),
        ("ssh:vps", ("ssh", *SSH_OPTIONS, "--", "vps", QUOTED)),
        ("ssh:me@vps:2222", ("ssh", *SSH_OPTIONS, "-p", "2222", "-l", "me", "--", "vps", QUOTED)),
        ("ssh:[2001:db8::1]", ("ssh", *SSH_OPTIONS, "--", "2001:db8::1", QUOTED)),
    ],
)
def test_the_argv_of_each_transport(text: str, expected: tuple[str, ...]) -> None:
    assert transport_argv(parse_spec(text), ARGV) == expected


def test_a_shared_connection_ends_with_its_first_user() -> None:
    argv = transport_argv(parse_spec("ssh:vps"), ARGV, Path("/run/v6x-100%/ssh"))
    sharing = ("-oControlPath=/run/v6x-100%%/ssh", "-oControlMaster=auto", "-oControlPersist=no")
    assert argv == ("ssh", *SSH_OPTIONS, *sharing, "--", "vps", QUOTED)


def test_sharing_is_a_matter_of_ssh() -> None:
    assert transport_argv(parse_spec("netns:a"), ARGV, Path("/x")) == ("ip", "netns", "exec", "a", *ARGV)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
def test_the_far_shell_gets_every_word_back(words: list[str]) -> None:
    last = transport_argv(parse_spec("ssh:vps"), tuple(words))[-1]
    assert shlex.split(last) == words


HOSTILE_CONFIG = """Host vps
    HostName vps.example
    User me
    Port 2022
    RemoteCommand tmux
    RequestTTY force
    ForwardAgent yes
    ForwardX11 yes
    LocalForward 8080 localhost:80
    PermitLocalCommand yes
    LocalCommand true
    LogLevel QUIET
    ControlMaster auto
    ControlPath ~/.ssh/%C
    ControlPersist 10m
"""


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no OpenSSH client")
def test_ssh_understands_the_options_and_ssh_config_cannot_undo_them(tmp_path: Path) -> None:
    """ssh -G says what would be in force, and connects to nobody."""
    config = tmp_path / "config"
    config.write_text(HOSTILE_CONFIG)
    argv = transport_argv(parse_spec("ssh:vps"), ARGV, tmp_path / "ssh")
    asked = subprocess.run(["ssh", "-G", "-F", config, *argv[1:]], capture_output=True, text=True, check=True)
    said = dict(line.split(" ", 1) for line in asked.stdout.splitlines() if " " in line)
    assert [said[name] for name in ("hostname", "user", "port")] == ["vps.example", "me", "2022"]
    for name in ("requesttty", "forwardagent", "forwardx11", "permitlocalcommand", "controlpersist"):
        assert said[name] in ("no", "false"), name
    assert said.get("remotecommand", "none") == "none"
    assert "localforward" not in said or said["clearallforwardings"] == "yes"
    assert said["loglevel"] == "INFO"
    assert said["controlpath"] == str(tmp_path / "ssh")
    assert said["batchmode"] == "no", "a passphrase may be asked for"
