"""The table of personalities, and its picture in the documentation."""

from pathlib import Path

import pytest

from scanner.lab import personalities
from scanner.lab.personalities import PERSONALITIES, isp_drops_smb, personality, stateful
from scanner.model.errors import InputError
from scanner.model.ports import PortSet

DOCUMENT = Path(__file__).parents[3] / "docs" / "lab.md"


def test_names_are_kebab_case_and_helps_one_line() -> None:
    for name, one in PERSONALITIES.items():
        assert name == one.name
        assert name.replace("-", "").isalnum()
        assert name.islower()
        assert 0 < len(one.help) <= 110
        assert "\n" not in one.help


def test_the_documentation_lists_them_all() -> None:
    rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert rows == [f"| `{name}` | {one.help} |" for name, one in PERSONALITIES.items()]


def test_ports_are_a_parameter() -> None:
    assert "tcp dport { 8080 } accept" in stateful(PortSet.of([8080])).text("cpe", ())


def test_an_isp_and_a_router_are_chosen_apart() -> None:
    both = isp_drops_smb(stateful())
    assert "tcp dport { 25, 135-139, 445 } drop" in both.text("isp1", ())
    assert "tcp dport { 22, 80, 443 } accept" in both.text("cpe", ())
    assert both.help.endswith("the router stateful")


def test_every_daemon_is_a_module_of_the_lab() -> None:
    room = Path(personalities.__file__).parent
    daemons = [daemon for one in PERSONALITIES.values() for daemon in one.daemons]
    assert {daemon.module for daemon in daemons} == {"late_reject", "forge_reset", "services"}
    assert all((room / f"{daemon.module}.py").exists() for daemon in daemons)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="no personality 'nope': known are pass-all, stateful, stateful-none"):
        personality("nope")
