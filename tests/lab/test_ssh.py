"""The vantage over the system's OpenSSH, against a real sshd: logins, refusals, sudo on either side, broken lines."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from vantage.local import eventually, lives

from scanner.cli.main import cli
from scanner.lab import commands
from scanner.lab.lab import Lab
from scanner.lab.personalities import PASSES, stateful
from scanner.measure import connect
from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.vantage.nmap_shim import write_shim
from scanner.vantage.session import ControlDirectory, Hello, Session, open_session
from scanner.vantage.spec import parse_spec

from .login import PASSPHRASE, PATH, USERS, Login, logins
from .place import Place

pytestmark = pytest.mark.skipif(
    Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"],
    reason="sshd gives up privileges, which a user namespace with one user cannot",
)


@pytest.fixture(scope="module")
def login(lab: Lab) -> Iterator[Login]:
    lab.apply(PASSES)
    lonely = lab.node("inet") + "-lonely"
    commands.run(["ip", "netns", "add", lonely])
    try:
        commands.run(["ip", "-n", lonely, "link", "set", "lo", "up"])
        with logins(lab) as one:
            yield one
    finally:
        commands.run(["ip", "netns", "del", lonely])


def hello_of(spec: str) -> Hello:
    session = open_session(parse_spec(spec))
    try:
        assert session.request({"op": "ping"})["e"] == "pong"
        return session.hello
    finally:
        session.close()


def far_processes(lab: Lab, word: str) -> set[int]:
    """The processes at the vantage whose command line holds ``word``."""
    found = set()
    for pid in commands.processes_in(lab.node("inet")):
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if word.encode() in line and lives(pid):
            found.add(pid)
    return found


# ---- logins


def test_root_by_key_has_raw_packets(login: Login) -> None:
    hello = login.near().run(lambda: hello_of("ssh:far"))
    assert (hello.root, hello.raw, hello.why) == (True, True, None)
    assert login.lab.vantage_address in hello.addresses


@pytest.mark.parametrize("user", ["admin", "admin2"])
def test_a_login_that_may_sudo_without_a_password_has_raw_packets(login: Login, user: str) -> None:
    hello = login.near().run(lambda: hello_of(f"ssh:{user}@far"))
    assert (hello.root, hello.raw, hello.why) == (True, True, None)
    assert eventually(lambda: not far_processes(login.lab, "exec(")), "sudo and the stub are gone"


def test_a_login_without_sudo_goes_on_and_says_why(login: Login) -> None:
    hello = login.near().run(lambda: hello_of("ssh:plain@far"))
    assert (hello.root, hello.raw) == (False, False)
    assert hello.why is not None
    assert hello.why.startswith("Operation not permitted: the login is not root and `sudo -n` did not help (")
    assert "password is required" in hello.why


def test_a_talkative_login_survives(login: Login) -> None:
    hello = login.near().run(lambda: hello_of("ssh:noisy@far"))
    assert hello.system == "Linux"


def test_host_and_port_of_the_spec_win_over_ssh_config(login: Login) -> None:
    with pytest.raises(EnvironmentFault, match=r"vantage ssh:far:1: it refuses the ssh connection"):
        login.near().run(lambda: hello_of("ssh:far:1"))


# ---- refusals: each says what to do, none hangs


@pytest.mark.parametrize(
    ("spec", "what", "remedy"),
    [
        ("ssh:stranger", "its host key is not known here", "run `ssh stranger` once by hand, compare the fingerprint"),
        ("ssh:changed", "its host key has changed", "ssh-keygen -R changed"),
        ("ssh:wrong-key", "it does not let us log in", "ssh-copy-id"),
        ("ssh:nobody@far", "the login has no shell", "use a login that may run commands"),
        ("ssh:cloud@far", 'it wants another login (Please login as the user "admin"', "name that user"),
        ("ssh:locked", "it does not let us log in", "ssh-add unlocks it here"),
        ("ssh:refused", "it refuses the ssh connection", "check the port"),
        ("ssh:unreachable", "it cannot be reached by ssh", "check that it is up"),
        ("ssh:no-such-host.invalid", "its name does not resolve", "check the spelling"),
        ("ssh:bare@far", "there is no python3", "install python3 (3.8 or newer) there"),
    ],
)
def test_what_keeps_us_out_is_said_with_its_remedy(login: Login, spec: str, what: str, remedy: str) -> None:
    started = time.monotonic()
    with pytest.raises(EnvironmentFault) as caught:
        login.near().run(lambda: hello_of(spec), timeout=30)
    assert caught.value.exit_status == 4
    assert caught.value.message.startswith(f"vantage {spec}: {what}")
    assert remedy in caught.value.remedy
    assert time.monotonic() - started < 18  # before a connection attempt is given up, after 20 s


def test_a_configuration_ssh_cannot_read_is_named(login: Login) -> None:
    near = login.near()
    config = login.home("root") / ".ssh" / "config"
    broken = replace(near, files={**near.files, config: login.directory / "misconfigured"})
    with pytest.raises(EnvironmentFault, match=r"ssh cannot read its configuration \(.*nosuchoption"):
        broken.run(lambda: hello_of("ssh:far"))


def test_a_passphrase_is_asked_for_on_the_terminal(login: Login) -> None:
    near = replace(login.near(), answers={b"Enter passphrase": PASSPHRASE.encode() + b"\n"})
    assert near.run(lambda: hello_of("ssh:locked")).raw


def test_a_new_host_key_is_asked_about_on_the_terminal(login: Login) -> None:
    (login.directory / "none").write_text("")
    near = replace(login.near(), answers={b"continue connecting": b"yes\n"})
    try:
        assert near.run(lambda: hello_of("ssh:stranger")).raw
    finally:
        (login.directory / "none").write_text("")


def test_a_vantage_without_ipv6_or_nmap_says_so(login: Login) -> None:
    assert login.near().run(lambda: hello_of("ssh:lonely")).nmap is None
    target = login.lab.host_addresses()[0].ip
    with pytest.raises(EnvironmentFault) as caught:
        login.near().run(lambda: connect(parse_spec("ssh:lonely"), target))
    assert caught.value.message == f"vantage ssh:lonely has no IPv6 way to {target} (Network is unreachable)"
    assert "choose a vantage with IPv6" in caught.value.remedy
    shim = login.near().run(lambda: nmap_there("ssh:lonely", login.directory))
    assert shim == (127, b"", b"nmap: nmap is not installed there\n")


def nmap_there(spec: str, directory: Path, control: Path | None = None) -> tuple[int, bytes, bytes]:
    shim = write_shim(directory, parse_spec(spec), control)
    done = subprocess.run([shim, "-V"], capture_output=True, check=False, timeout=20)
    return done.returncode, done.stdout, done.stderr


def test_checking_a_vantage_on_the_command_line(login: Login) -> None:
    def ask(spec: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(cli, ["vantage", "check", spec])
        return result.exit_code, result.stdout, result.stderr

    status, told, errors = login.near().run(lambda: ask("ssh:admin@far"))
    assert (status, errors) == (0, "")
    rows = dict(line.split(maxsplit=1) for line in told.splitlines())
    assert rows["vantage"] == "ssh:admin@far"
    assert rows["packets"] == "raw"
    assert rows["source"] == str(login.lab.vantage_address)
    assert rows["clock"] == "as here"
    status, told, errors = login.near().run(lambda: ask("ssh:stranger"))
    assert (status, told) == (4, "")
    assert errors.startswith("v6expose: vantage ssh:stranger: its host key is not known here: run `ssh stranger` once")
    assert errors.count("\n") == 1


# ---- one login for all


def test_later_sessions_share_the_first_ones_login_and_end_with_it(login: Login) -> None:
    def share() -> dict[str, Any]:
        target = login.lab.host_addresses()[0].ip
        before = login.said().count("Accepted publickey")
        vantage = connect(parse_spec("ssh:far"), target)
        assert vantage.shared is not None
        assert vantage.address == login.lab.vantage_address, "not the one ssh itself uses"
        started = time.monotonic()
        second = open_session(vantage.spec, vantage.shared.path)
        told = {"seconds": time.monotonic() - started, "raw": second.hello.raw}
        told["nmap"] = nmap_there("ssh:far", login.directory, vantage.shared.path)
        told["logins"] = login.said().count("Accepted publickey") - before
        told["near"] = second._process.pid
        started = time.monotonic()
        vantage.close()
        told["closing"] = time.monotonic() - started
        told["lost"] = eventually(lambda: is_lost(second), 10.0)
        told["directory"] = vantage.shared.path.parent.exists()
        second.close()
        return told

    told = login.near().run(share)
    assert told["lost"]
    assert told["logins"] == 1
    assert told["raw"]
    assert told["nmap"][0] == 0
    assert told["nmap"][1].startswith(b"Nmap version")
    assert told["seconds"] < 10.0
    assert told["closing"] < 10.0
    assert not told["directory"]
    assert not lives(told["near"])
    assert eventually(lambda: not far_processes(login.lab, "exec("))


def is_lost(session: Session) -> bool:
    try:
        session.keep_alive()
    except IncompleteError:
        return True
    return False


# ---- broken lines


@pytest.mark.parametrize("user", ["root", "admin", "admin2"])
def test_a_near_side_that_is_killed_leaves_nothing_at_the_vantage(login: Login, user: str) -> None:
    """Neither the stub, nor sudo, nor the nmap it started, which would scan on for hours."""

    def start_and_die() -> None:
        session = open_session(parse_spec(f"ssh:{user}@far"))
        slow = ["nmap", "-6", "-n", "-Pn", "-sT", "--max-rate", "1", "-p-", "::1"]
        session.submit({"op": "exec", "id": 1, "argv": slow})
        assert eventually(lambda: far_processes(login.lab, "--max-rate"))
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(EOFError):  # no result came
        login.near().run(start_and_die)
    assert eventually(lambda: not far_processes(login.lab, "--max-rate") and not far_processes(login.lab, "exec("))


def test_ctrl_c_does_not_take_ssh_down(login: Login) -> None:
    def press() -> str:
        signal.signal(signal.SIGINT, lambda *_: None)
        session = open_session(parse_spec("ssh:far"))
        os.killpg(os.getpgrp(), signal.SIGINT)
        time.sleep(0.2)
        try:
            return str(session.request({"op": "ping"})["e"])
        finally:
            session.close()

    assert login.near().run(press) == "pong"


def test_a_login_that_breaks_is_lost_and_says_how(login: Login) -> None:
    def break_it() -> float:
        session = open_session(parse_spec("ssh:far"))
        for pid in far_processes(login.lab, "sshd: root"):
            os.kill(pid, signal.SIGKILL)
        started = time.monotonic()
        try:
            session.request({"op": "ping"})
        finally:
            session.close()
        return time.monotonic() - started

    with pytest.raises(IncompleteError, match=r"ssh:far was lost in mid-scan \(.*(closed by|Broken pipe)") as caught:
        login.near().run(break_it)
    assert caught.value.exit_status == 3


def test_a_sweep_that_loses_its_vantage_keeps_what_it_measured(login: Login) -> None:
    from scanner.discovery.inventory import discover
    from scanner.measure import measure
    from scanner.model.ports import PortSet
    from scanner.model.settings import Settings
    from scanner.plan import make_plan
    from scanner.witness.watch import open_witness

    lab = login.lab
    lab.listen(tcp="22,80,443")
    lab.apply(stateful())

    def lose_it() -> Any:
        inventory = discover()
        target = inventory.scannable()[0].ip
        settings = Settings(addresses=(target,), tcp=PortSet.every(), udp=PortSet(), rate=4000, nmap=False)
        plan = make_plan(inventory, settings, {"tcp": PortSet.parse("22,80,443,445"), "udp": PortSet()})
        vantage = connect(parse_spec("ssh:far"), target)
        witness = open_witness([vantage.address])

        def break_it(progress: Any) -> None:
            if progress.done > 3000:
                for pid in far_processes(lab, "sshd: root"):
                    os.kill(pid, signal.SIGKILL)

        try:
            return measure(vantage, plan, inventory, witness, break_it)
        finally:
            witness.close()
            vantage.close()

    try:
        measurement = login.near().run(lose_it)
    finally:
        lab.apply(PASSES)
    assert measurement.lost
    assert not measurement.interrupted
    assert any("was lost in mid-scan" in problem for problem in measurement.problems)
    assert measurement.controls.seen > 0
    groups = measurement.targets[0].groups
    arrived = {port for facts, ports in groups if facts.arrival for port in ports}
    assert {22, 80, 443} <= arrived, "what was asked first is kept"
    assert 445 not in arrived
    unasked = sum(len(ports) for facts, ports in groups if not facts.arrival and facts.doubt)
    assert unasked > 30_000, "what was not measured is not called blocked"


# ---- sudo on this side


def alices_agent(login: Login) -> Iterator[str]:
    """A real ssh-agent of alice's that holds the key; nothing else of hers does."""
    uid = USERS["alice"][0]
    socket = login.home("alice") / "agent"
    environment = {"PATH": PATH, "SSH_AUTH_SOCK": str(socket)}
    identity: dict[str, Any] = {"user": uid, "group": uid, "extra_groups": [], "cwd": "/", "env": environment}
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL, **identity)
    try:
        assert eventually(socket.exists)
        key = login.home("alice") / ".ssh" / "user_key"
        subprocess.run(["ssh-add", "-q", key], check=True, stderr=subprocess.PIPE, **identity)
        yield str(socket)
    finally:
        agent.terminate()
        agent.wait(timeout=5)
        socket.unlink(missing_ok=True)


@pytest.fixture
def agent(login: Login) -> Iterator[str]:
    yield from alices_agent(login)


def under_sudo(login: Login, **environment: str) -> Place:
    uid = str(USERS["alice"][0])
    return login.near(SUDO_UID=uid, SUDO_GID=uid, SUDO_USER="alice", HOME="/root", USER="root", **environment)


def test_under_sudo_ssh_is_the_users_with_their_agent_and_known_hosts(login: Login, agent: str) -> None:
    def look() -> tuple[set[str], Path, dict[bytes, bytes]]:
        with ExitStack() as ending:
            control = ControlDirectory()
            ending.callback(control.remove)
            session = open_session(parse_spec("ssh:root@alices-far"), control.path)
            ending.callback(session.close)
            proc = Path(f"/proc/{session._process.pid}")
            lines = (proc / "status").read_text().splitlines()
            ids = {word for line in lines if line[:4] in ("Uid:", "Gid:") for word in line.split()[1:]}
            variables = dict(pair.split(b"=", 1) for pair in (proc / "environ").read_bytes().split(b"\0") if pair)
            assert control.path.stat().st_uid == USERS["alice"][0]
            assert session.hello.raw
            assert nmap_there("ssh:root@alices-far", login.directory, control.path)[0] == 0
            return ids, (proc / "cwd").readlink(), variables

    ids, directory, variables = under_sudo(login, SSH_AUTH_SOCK=agent).run(look)
    assert ids == {str(USERS["alice"][0])}
    assert directory == Path("/")
    assert variables[b"HOME"] == str(login.home("alice")).encode()
    assert variables[b"USER"] == b"alice"


def test_under_sudo_roots_own_configuration_does_not_serve(login: Login) -> None:
    with pytest.raises(EnvironmentFault, match="its name does not resolve"):
        under_sudo(login).run(lambda: hello_of("ssh:far"))
    with pytest.raises(EnvironmentFault) as caught:  # no agent
        under_sudo(login).run(lambda: hello_of("ssh:root@alices-far"))
    assert "`ssh -l root alices-far` work without a question as alice" in caught.value.remedy


OPEN_AND_TELL = """
import json, os, sys
from scanner.vantage.session import open_session
from scanner.vantage.spec import parse_spec
session = open_session(parse_spec("ssh:root@alices-far"))
print(json.dumps({"raw": session.hello.raw, "uid": os.geteuid(), "agent": os.environ.get("SSH_AUTH_SOCK")}))
session.close()
"""


def test_real_sudo_takes_the_agent_away_and_it_is_found_again(login: Login, agent: str) -> None:
    """Alice types sudo in a shell in which she has started an agent; only sudo was ever given its name."""
    uid = USERS["alice"][0]

    def type_sudo() -> str:
        script = f'SSH_AUTH_SOCK={agent}; export SSH_AUTH_SOCK; sudo -n {sys.executable} -c "$1"; exit $?'
        done = subprocess.run(
            ["sh", "-c", script, "sh", OPEN_AND_TELL],
            capture_output=True,
            text=True,
            check=False,
            user=uid,
            group=uid,
            extra_groups=[],
            cwd="/",
            env={"PATH": PATH, "HOME": str(login.home("alice"))},
        )
        return done.stdout + done.stderr

    told = json.loads(login.near().run(type_sudo).splitlines()[0])
    assert told == {"raw": True, "uid": 0, "agent": None}
