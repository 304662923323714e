"""New entries in the owner's file. Whatever stands there stays, to the letter: comments, order, line ends.

tomlkit writes the values; where they go is found by scanner.policy.locate, since tomlkit would put a new table behind
the comment that introduces the next one.
"""

import textwrap
from collections.abc import Mapping

import tomlkit

from scanner.model.errors import InputError
from scanner.model.text import say
from scanner.policy.locate import Path, Places, places
from scanner.policy.parse import parse_policy
from scanner.policy.values import AddressRole, Allow, Policy, Waiver

Value = str | bool | object


def add_allow(text: str, source: str, entry: Allow) -> str:
    """The text with one more ``[[allow]]``. Raises InputError where the text is no policy, or would be none."""
    parse_policy(text, source)
    values: dict[str, Value] = {"protocol": entry.protocol, "ports": str(entry.ports)}
    if entry.role is not AddressRole.ANY:
        values["address"] = entry.role.value
    if entry.vantages:
        values["from"] = entry.vantages[0] if len(entry.vantages) == 1 else list(entry.vantages)
    if entry.must_answer:
        values["must_answer"] = True
    values["reason"] = entry.reason
    after = _with_table(text, "allow", values)
    if entry not in parse_policy(after, source).allow:
        raise _untouchable(source)
    return after


def add_waiver(text: str, source: str, waiver: Waiver) -> str:
    """The text with the waiver, which takes the place of an older one of the same item. Raises InputError."""
    policy = parse_policy(text, source)
    values: dict[str, Value] = {"item": waiver.item, "reason": waiver.reason, "until": waiver.until}
    number = next((number for number, one in enumerate(policy.waive) if one.item == waiver.item), None)
    after = _with_table(text, "waive", values) if number is None else _renewed(text, ("waive", number), values)
    if waiver not in parse_policy(after, source).waive:
        raise _untouchable(source)
    return after


def covering(policy: Policy, entry: Allow) -> Allow | None:
    """An entry that already allows all that ``entry`` would."""
    return next((one for one in policy.allow if _covers(one, entry)), None)


def written(values: Mapping[str, Value]) -> list[str]:
    """``key = value`` lines."""
    return [f"{key} = {_value(value)}" for key, value in values.items()]


def _covers(one: Allow, entry: Allow) -> bool:
    role = one.role in (AddressRole.ANY, entry.role)
    where = not one.vantages or (bool(entry.vantages) and set(entry.vantages) <= set(one.vantages))
    answers = one.must_answer or not entry.must_answer
    return one.protocol == entry.protocol and role and where and answers and not entry.ports - one.ports


def _with_table(text: str, key: str, values: Mapping[str, Value]) -> str:
    """``[[key]]`` behind the last one there is, before the comments of what follows; at the end where there is none."""
    found = places(text)
    if (key,) in found.values:
        return _in_array(text, found.values[key,][0], values)
    ends = [_end_of(found, path) for path in found.headers if path[0] == key]
    newline = "\r\n" if "\r\n" in text else "\n"
    block = newline.join([f"[[{key}]]", *written(values)])
    at = _line_end(text, max(ends)) if ends else len(text)
    before, after = text[:at], text[at:]
    if not ends:
        before = before if not before or before.endswith("\n") else before + newline
        gap = newline if before.strip() and not before.endswith(newline * 2) else ""
        return f"{before}{gap}{block}{newline}"
    gap = newline if after.lstrip("\r\n").startswith("[") and not after.startswith(newline * 2) else ""
    return f"{before}{newline}{newline}{block}{gap}{after or newline}"


def _in_array(text: str, at: int, values: Mapping[str, Value]) -> str:
    """``key = [...]``: first, where no comment can swallow it."""
    inside = text[at + 1 :]
    comma = "" if _first_after_blanks(inside) == "]" else ", "
    return f"{text[: at + 1]}{{{', '.join(written(values))}}}{comma}{inside}"


def _first_after_blanks(text: str) -> str:
    for line in text.splitlines():
        rest = line.strip()
        if rest and not rest.startswith("#"):
            return rest[0]
    return ""


def _renewed(text: str, table: Path, values: Mapping[str, Value]) -> str:
    """The table's values replaced where they stand, from the last to the first."""
    found = places(text)
    spans = sorted(((found.values[*table, key], value) for key, value in values.items()), reverse=True, key=_start)
    for (start, end), value in spans:
        text = text[:start] + _value(value) + text[end:]
    return text


def _start(pair: tuple[tuple[int, int], Value]) -> int:
    return pair[0][0]


def _end_of(found: Places, table: Path) -> int:
    """Behind the last character of a table that has a header, its tables included."""
    inside = [end for path, (_, end) in found.values.items() if path[: len(table)] == table]
    return max([found.headers[table], *inside])


def _line_end(text: str, at: int) -> int:
    """Before the line's end, behind a comment on it."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1] == "\r" else end


def _value(value: Value) -> str:
    if isinstance(value, str) and not value.isprintable():
        raise InputError(
            say("{text} holds a character that cannot be read", text=textwrap.shorten(ascii(value), 60)),
            say("leave it out"),
        )
    return str(tomlkit.item(value).as_string())


def _untouchable(source: str) -> InputError:
    return InputError(
        say("{source} is written in a way that this command cannot add to", source=source), say("add the entry by hand")
    )
