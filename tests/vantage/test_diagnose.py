"""What transports say when they fail, word for word, and what the owner is told to do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.vantage.diagnose import connection_lost, opening_failed
from scanner.vantage.spec import parse_spec

CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
SHA256:4Zl0fkwLSVXgvQF2bmvyPLYnTTYDJ2DGcJ8G1Wl2KUQ.
Please contact your system administrator.
Add correct host key in /home/me/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/me/.ssh/known_hosts:1
Host key for vps.example has changed and you have requested strict checking.
Host key verification failed.
"""
UNPROTECTED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Permissions 0644 for '/home/me/.ssh/id_ed25519' are too open.
Load key "/home/me/.ssh/id_ed25519": bad permissions
me@vps.example: Permission denied (publickey).
"""
UNKNOWN = """No ED25519 host key is known for vps.example and you have requested strict checking.
Host key verification failed.
"""
BAD_OPTION = """/home/me/.ssh/config: line 3: Bad configuration option: usekeychain
/home/me/.ssh/config: terminating, 1 bad configuration options
"""
TOO_MANY = """Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures
Disconnected from 192.0.2.1 port 22
"""
NO_CTYPES = """Traceback (most recent call last):
  File "<string>", line 1
ModuleNotFoundError: No module named 'ctypes'
"""
IN_DOCKER = 'OCI runtime exec failed: exec failed: exec: "python3": executable file not found in $PATH: unknown\n'

# (SPEC, exit status, standard error, a word of the message, a word of the remedy)
FAILURES = [
    ("ssh:vps", 255, CHANGED, "has changed", "ssh-keygen -R vps`"),
    ("ssh:me@vps:2222", 255, CHANGED, "has changed", "ssh-keygen -R '[vps]:2222'"),
    ("ssh:vps", 255, "Host key verification failed.\n", "not known here", "run `ssh vps` once by hand"),
    ("ssh:me@vps:2222", 255, UNKNOWN, "not known here", "`ssh -p 2222 -l me vps`"),
    ("ssh:vps", 255, "@ WARNING: REVOKED HOST KEY DETECTED! @\nHost key verification failed.\n", "revoked", "new key"),
    ("ssh:vps", 255, "me@vps.example: Permission denied (publickey,password).\n", "let us log in", "ssh-copy-id"),
    ("ssh:vps", 255, "root@2001:db8::1: Permission denied (publickey).\n", "let us log in", "ssh-add"),
    (
        "ssh:vps",
        255,
        TOO_MANY,
        "let us log in",
        "without a question",
    ),
    ("ssh:vps", 255, UNPROTECTED, "others may read", "chmod 600"),
    (
        "ssh:vps",
        255,
        "Bad owner or permissions on /home/me/.ssh/config\n",
        "configuration (Bad owner or permissions",
        "correct ~/.ssh/config",
    ),
    (
        "ssh:vps",
        255,
        BAD_OPTION,
        "line 3",
        "correct ~/.ssh/config",
    ),
    (
        "ssh:vps",
        255,
        "ssh: Could not resolve hostname vps: Name or service not known\n",
        "does not resolve",
        "spelling",
    ),
    (
        "ssh:vps",
        255,
        "ssh: Could not resolve hostname vps: Temporary failure in name resolution\n",
        "does not resolve",
        "spelling",
    ),
    ("ssh:vps", 255, "ssh: connect to host vps port 22: Connection refused\n", "refuses", "sshd runs there"),
    ("ssh:vps", 255, "ssh: connect to host vps port 22: Connection timed out\n", "cannot be reached", "it is up"),
    ("ssh:vps", 255, "Connection timed out during banner exchange\n", "cannot be reached", "it is up"),
    ("ssh:vps", 255, "ssh: connect to host vps port 22: No route to host\n", "cannot be reached", "it is up"),
    ("ssh:vps", 255, "ssh: connect to host vps port 22: Network is unreachable\n", "cannot be reached", "it is up"),
    (
        "ssh:vps",
        255,
        "Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: ssh-rsa\n",
        "ssh-rsa",
        "update sshd",
    ),
    (
        "ssh:vps",
        255,
        "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 192.0.2.1 port 22\n",
        "before the login",
        "fail2ban",
    ),
    ("ssh:vps", 255, "Connection closed by 192.0.2.1 port 22\n", "before the login", "fail2ban"),
    (
        "ssh:root@vps",
        142,
        'Please login as the user "admin" rather than the user "root".\n',
        'login (Please login as the user "admin"',
        "ssh:USER@vps",
    ),
    ("ssh:vps", 1, "This account is currently not available.\n", "no shell", "login that may run commands"),
    ("ssh:vps", 127, "bash: line 1: python3: command not found\n", "no python3", "3.8 or newer"),
    ("ssh:vps", 127, "bash: Zeile 1: python3: Kommando nicht gefunden.\n", "no python3", "3.8 or newer"),
    ("ssh:vps", 127, "sh: 1: python3: not found\n", "no python3", "3.8 or newer"),
    ("ssh:vps", 127, "zsh:1: command not found: python3\n", "no python3", "3.8 or newer"),
    ("ssh:vps", 127, "fish: Unknown command: python3\n", "no python3", "3.8 or newer"),
    ("ssh:vps", 1, "python3: Command not found.\n", "no python3", "3.8 or newer"),
    ("ssh:vps", 126, "bash: line 1: /usr/bin/python3: Permission denied\n", "did not start", "ssh vps python3 -V"),
    ("ssh:vps", 1, "python 3.6 is older than v6expose needs\n", "python 3.6", "3.8 or newer"),
    (
        "ssh:vps",
        1,
        NO_CTYPES,
        "'ctypes'",
        "whole python3",
    ),
    ("ssh:vps", 3, "", "exit status 3", "ssh vps python3 -V"),
    ("ssh:vps", None, "", "said nothing", "ssh vps python3 -V"),
    ("netns:out", 1, 'Cannot open network namespace "out": No such file or directory\n', "no such", "ip netns list"),
    (
        "netns:out",
        255,
        'setting the network namespace "out" failed: Operation not permitted\n',
        "not permitted",
        "sudo",
    ),
    ("netns:out", 1, 'Cannot open network namespace "out": Permission denied\n', "no such", "ip netns list"),
    (
        "netns:out",
        255,
        'exec of "python3" failed: No such file or directory\n',
        "no python3",
        "3.8 or newer",
    ),
    (
        "exec:docker exec -i box",
        127,
        IN_DOCKER,
        "no python3",
        "3.8 or newer",
    ),
    (
        "exec:docker exec -i box",
        127,
        "docker: no such thing\n",
        "docker: no such thing",
        "docker exec -i box python3 -V",
    ),
    ("exec:false", 1, "", "exit status 1", "`false python3 -V`"),
]


@pytest.mark.parametrize(("text", "status", "errors", "what", "remedy"), FAILURES)
def test_every_failure_has_its_remedy(text: str, status: int | None, errors: str, what: str, remedy: str) -> None:
    fault = opening_failed(parse_spec(text), status, errors)
    assert isinstance(fault, EnvironmentFault)
    assert fault.exit_status == 4
    assert fault.message.startswith(f"vantage {text}")
    assert what in fault.message
    assert remedy in fault.remedy
    assert str(fault).isprintable()


def test_under_sudo_the_remedy_names_who_has_to_log_in() -> None:
    fault = opening_failed(parse_spec("ssh:vps"), 255, "Host key verification failed.\n", "alice")
    assert fault.remedy == "run `ssh vps` once by hand as alice, compare the fingerprint and accept it"


def test_noise_of_the_far_login_is_not_ssh_speaking() -> None:
    """The login worked; its .bashrc complained, and then python3 was missing."""
    noise = "/root/.bashrc: line 3: cd: /srv: Permission denied\nbash: line 1: python3: command not found\n"
    assert "no python3" in opening_failed(parse_spec("ssh:vps"), 127, noise).message


@pytest.mark.parametrize(
    ("status", "errors", "what"),
    [
        (255, "Timeout, server 192.0.2.1 not responding.\n", "Timeout, server 192.0.2.1 not responding."),
        (255, "noise\nConnection to vps closed by remote host.\n\n", "Connection to vps closed by remote host."),
        (0, "", "exit status 0"),
        (None, "", "no sign of life"),
        (1, "\x1b[31mred\x1b[0m\n", "[31mred[0m"),
    ],
)
def test_a_lost_connection_keeps_what_was_measured(status: int | None, errors: str, what: str) -> None:
    fault = connection_lost(parse_spec("ssh:vps"), status, errors)
    assert isinstance(fault, IncompleteError)
    assert fault.exit_status == 3
    assert fault.message == f"the connection to vantage ssh:vps was lost in mid-scan ({what})"
    assert "kept" in fault.remedy


@settings(deadline=None)
@given(st.sampled_from(["ssh:vps", "netns:a", "exec:b c"]), st.one_of(st.none(), st.integers(-15, 255)), st.text())
def test_any_standard_error_makes_one_printable_line(text: str, status: int | None, errors: str) -> None:
    for fault in (opening_failed(parse_spec(text), status, errors), connection_lost(parse_spec(text), status, errors)):
        assert str(fault).isprintable()
        assert fault.remedy
