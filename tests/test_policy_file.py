"""The policy file at the edge: every way a file can be bad is one line that names it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.findings.policy import Policy
from scanner.model.address import Kind
from scanner.model.errors import InputError
from scanner.policy_file import load_policy


def write(folder: Path, content: bytes) -> Path:
    path = folder / "policy.toml"
    path.write_bytes(content)
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    text = '[[allow]]\nprotocol = "tcp"; '.replace("; ", "\n") + 'ports = "22,443"\naddress = "any"\nreason = "é"\n'
    policy = load_policy(write(tmp_path, text.encode()))
    assert policy.allowed("tcp", Kind.TEMPORARY) == {22, 443}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'[[allow]]\nprotocol = "tcp"\nports = 22,443\n', "line 3"),
        (b"[[allow]\n", "line 1"),
        (b'[[allow]]\nreason = "caf\xe9"\n', "not UTF-8 text (line 2)"),
        (b"x = " + b"9" * 5000, "not TOML"),
        (b"x = " + b"[" * 100_000, "nested too deeply"),
        (b'[[allow]]\nprotocol = "tcp"\nports = "22"\nport = 1\n', "unknown key 'port'"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError) as caught:
        load_policy(path)
    assert str(path) in caught.value.message
    assert complaint in caught.value.message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputError, match="cannot be read") as caught:
            load_policy(path)
        assert str(path) in caught.value.message


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_policy_or_an_input_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = write(tmp_path_factory.mktemp("policy"), content)
    outcome: Policy | str
    try:
        outcome = load_policy(path)
    except InputError as caught:
        outcome = caught.message
    assert isinstance(outcome, Policy) or str(path) in outcome
