"""The policy file at the edge: every way a file can be bad is a line that names it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.address import Kind
from scanner.model.errors import InputError
from scanner.policy import Policy
from scanner.policy.file import load_policy, replace_text


def write(folder: Path, content: bytes) -> Path:
    path = folder / "policy.toml"
    path.write_bytes(content)
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, '[[allow]]\nprotocol = "tcp"\nports = "22,443"\nreason = "é"\n'.encode())
    assert load_policy(path).allowed("tcp", Kind.TEMPORARY) == {22, 443}
    assert load_policy(path).source == str(path)


def test_bytes_that_are_no_text_are_found(tmp_path: Path) -> None:
    path = write(tmp_path, b'[[allow]]\nreason = "caf\xe9"\n')
    with pytest.raises(InputError) as caught:
        load_policy(path)
    assert str(caught.value) == f"{path}:2: not UTF-8 text: save it as UTF-8"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputError, match="cannot be read") as caught:
            load_policy(path)
        assert str(path) in caught.value.message


def test_another_host_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, b'host = "www"\n')
    assert load_policy(path, "www.example.org").host == "www"
    with pytest.raises(InputError, match=r"policy\.toml:1: this policy is for host 'www', and this is 'mail'"):
        load_policy(path, "mail")


def test_a_new_text_keeps_mode_and_link(tmp_path: Path) -> None:
    path = write(tmp_path, b"old")
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    replace_text(link, "new\r\n")
    assert (path.read_bytes(), path.stat().st_mode & 0o777, link.is_symlink()) == (b"new\r\n", 0o640, True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.toml", "policy.toml"]


def test_where_nothing_can_be_written_the_old_text_stays(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        replace_text(tmp_path / "none" / "p.toml", "new")
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_give_a_policy_or_lines_that_name_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = write(tmp_path_factory.mktemp("policy"), content)
    outcome: Policy | list[str]
    try:
        outcome = load_policy(path)
    except InputError as caught:
        outcome = [str(one) for one in caught.each]
    assert isinstance(outcome, Policy) or all(line.startswith(f"{path}:") for line in outcome)
