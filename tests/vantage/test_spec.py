"""SPECs at the door."""

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.errors import InputError
from scanner.vantage.spec import ExecSpec, NetnsSpec, SshSpec, parse_spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("netns:inet", NetnsSpec("inet")),
        ("netns:v6x-demo-inet", NetnsSpec("v6x-demo-inet")),
        ("exec:docker exec -i outside", ExecSpec(("docker", "exec", "-i", "outside"))),
        ("exec: sh -c 'exec \"$@\"' x ", ExecSpec(("sh", "-c", 'exec "$@"', "x"))),
        ("exec:'/opt/my tools/jump' ''", ExecSpec(("/opt/my tools/jump", ""))),
        ("ssh:vps", SshSpec("vps")),
        ("ssh:root@vps.example:2222", SshSpec("vps.example", "root", 2222)),
        ("ssh:me@corp.example@vps", SshSpec("vps", "me@corp.example")),
        ("ssh:192.0.2.1", SshSpec("192.0.2.1")),
        ("ssh:root@[2001:db8::1]:22", SshSpec("2001:db8::1", "root", 22)),
        ("ssh:[fe80::1%eth0]", SshSpec("fe80::1%eth0")),
        ("ssh:büro", SshSpec("büro")),
    ],
)
def test_every_form(text: str, spec: object) -> None:
    assert parse_spec(text) == spec
    assert parse_spec(str(spec)) == spec


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vps",
        "https://vps.example",
        "SSH:vps",
        "ssh:",
        "ssh:   ",
        "netns:",
        "netns:../../etc",
        "netns:-all",
        "netns:two words",
        "exec:",
        "exec:'open quote",
        "exec:'' command",
        "exec:nul\0byte",
        "exec:new\nline",
        "netns:inet\n",
        "ssh:vps\nProxyCommand=x",
        "ssh:-oProxyCommand=reboot",
        "ssh:-l@vps",
        "ssh:root@-vps",
        "ssh:@vps",
        "ssh:root@",
        "ssh:two words",
        "ssh:vps;reboot",
        "ssh:$(reboot)",
        "ssh:`reboot`@vps",
        "ssh:'vps'",
        'ssh:"vps"',
        "ssh://root@vps",
        "ssh:vps:",
        "ssh:vps:0",
        "ssh:vps:65536",
        "ssh:vps:22222222222222222222",
        "ssh:vps:²²",
        "ssh:vps:port",
        "ssh:2001:db8::1",
        "ssh:[2001:db8::1",
        "ssh:[vps]",
        "ssh:[2001:db8::1%-x]",
        "ssh:[2001:db8::1%a b]",
        "ssh:[]",
        "ssh:root@[vps]:22",
        "ssh:vps\u202egnihtyna",
    ],
)
def test_what_is_none_is_refused_in_one_printable_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_spec(text)
    assert caught.value.remedy
    assert str(caught.value).isprintable()
    assert caught.value.exit_status == 2


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError, match="password is never taken") as caught:
        parse_spec("ssh:root:hunter2@vps")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("exec:/usr/bin/jump", "jump"),
        ("exec:ip netns exec a", "a"),
        ("exec:kubectl exec -i pod --", "pod"),
        ("exec:env /", "env"),
        ("exec:/", "exec:/"),
        ("ssh:a@b:1", "b"),
    ],
)
def test_names_are_never_empty(text: str, name: str) -> None:
    assert parse_spec(text).name == name


@settings(deadline=None)
@given(st.lists(st.text(min_size=0), min_size=1))
def test_any_words_survive_or_are_refused(words: list[str]) -> None:
    try:
        spec = parse_spec("exec:" + shlex.join(words))
    except InputError:
        assert not shlex.join(words).isprintable() or not words[0]
    else:
        assert spec == ExecSpec(tuple(words))
        assert parse_spec(str(spec)) == spec


def reads_back(text: str) -> bool:
    """Whether a SPEC says the same when it is read again; of a refusal, whether it is one printable line."""
    try:
        spec = parse_spec(text)
    except InputError as error:
        return str(error).isprintable()
    return parse_spec(str(spec)) == spec


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_spec_that_reads_back_or_one_line(text: str) -> None:
    for scheme in ("", "ssh:", "netns:", "exec:"):
        assert reads_back(scheme + text)


SSH_LETTERS = st.text("abcZ09-_.%+@:[]/ \u00fc'\";$", min_size=1, max_size=12)


@settings(deadline=None)
@given(st.one_of(st.none(), SSH_LETTERS), SSH_LETTERS, st.one_of(st.none(), st.integers(0, 70_000)))
def test_an_ssh_destination_is_never_an_option_or_a_command(user: str | None, host: str, port: int | None) -> None:
    text = f"ssh:{user + '@' if user else ''}{host}{'' if port is None else f':{port}'}"
    try:
        spec = parse_spec(text)
    except InputError:
        return
    assert isinstance(spec, SshSpec)
    assert parse_spec(str(spec)) == spec
    for word in (spec.host, spec.user or "a"):
        assert not word.startswith("-")
        assert not set(word) & set(" '\"`$\\;&<>|(){}/")
