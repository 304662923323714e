"""TOML texts as people write them, with the line on which every key was put."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]
# Words that would lead a careless reader astray stand in comments and texts.
TRAPS = st.sampled_from(["# no comment", "[[allow]]", "ports = 1", "'", '"', "]", "}", ",", "=", "é", "", "\\", "'''"])
KEYS = st.sampled_from(["a", "b", "allow", "ports", "x-1", "1", "é", "a.b", "", "#", '"', "]"])


class Writer:
    """Writes a document line by line and notes where everything went."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[Path, int] = {}

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def write(self, text: str) -> None:
        self.text += text

    def end(self) -> None:
        self.write(self.draw(st.sampled_from(["\n", "\r\n", ' # [[allow]] = "\n', "\n\n", "\n# it's ' one\n"])))

    def key(self, key: str) -> None:
        bare = key.isascii() and key.replace("-", "").isalnum() and key
        forms = [json.dumps(key, ensure_ascii=self.draw(st.booleans()))]
        forms += [key] if bare else []
        forms += [f"'{key}'"] if "'" not in key else []
        self.write(self.draw(st.sampled_from(forms)))

    def string(self) -> None:
        content = "".join(self.draw(st.lists(TRAPS, max_size=4)))
        multiline = "\n".join(self.draw(st.lists(TRAPS, max_size=4)))
        forms = [json.dumps(content)]
        if "'" not in content:
            forms.append(f"'{content}'")
        if "'''" not in multiline and not multiline.endswith("'"):
            forms.append(f"'''{multiline}'''")
            forms.append(f"'''\n{multiline}'''''")
        if '"""' not in multiline.replace("\\", "") and not multiline.endswith('"'):
            escaped = multiline.replace("\\", "\\\\")
            forms.append(f'"""{escaped}"""')
            forms.append(f'"""{escaped}"""""')
            forms.append(f'"""\\\n   {escaped}\\""""')
        self.write(self.draw(st.sampled_from(forms)))

    def value(self, path: Path, depth: int = 0, *, inline: bool = False) -> None:
        kind = self.draw(st.sampled_from(["string", "number", "date", "array", "table"] if depth < 3 else ["number"]))
        if kind == "string" and not inline:
            self.string()
        elif kind == "array":
            self.array(path, depth, inline=inline)
        elif kind == "table":
            self.table(path, depth)
        elif kind == "date":
            self.write(self.draw(st.sampled_from(["2026-12-31", "2026-12-31 07:32:00Z", "07:32:00"])))
        else:
            self.write(
                self.draw(st.sampled_from(["1", "-0.5e3", "true", "0x_f".replace("_", ""), "inf", '"one line"']))
            )

    def array(self, path: Path, depth: int, *, inline: bool) -> None:
        gaps = st.just(" ") if inline else st.sampled_from(["", " ", "\n", '\n  # ], "\n ', ' # ], {"\n'])
        self.write("[" + self.draw(gaps))
        for index in range(self.draw(st.integers(0, 3))):
            self.lines[(*path, index)] = self.line
            self.value((*path, index), depth + 1, inline=inline)
            self.write(self.draw(gaps) + "," + self.draw(gaps))
        self.write("]")

    def table(self, path: Path, depth: int) -> None:
        """Inline: on one line."""
        keys = self.draw(st.lists(KEYS, unique=True, max_size=3))
        self.write("{ ")
        for number, key in enumerate(keys):
            self.write(", " if number else "")
            self.lines[(*path, key)] = self.line
            self.key(key)
            self.write(" = ")
            self.value((*path, key), depth + 1, inline=True)
        self.write(" }")

    def pairs(self, base: Path, keys: list[str]) -> None:
        for key in keys:
            self.write(self.draw(st.sampled_from(["", "  ", "\t"])))
            path: Path = (*base, key)
            self.lines[path] = self.line
            self.key(key)
            if self.draw(st.booleans()):
                inner = self.draw(KEYS)
                self.write(self.draw(st.sampled_from([".", " . "])))
                path = (*path, inner)
                self.lines[path] = self.line
                self.key(inner)
            self.write(self.draw(st.sampled_from(["=", " = "])))
            self.value(path)
            self.end()


@st.composite
def toml_texts(draw: Callable[[st.SearchStrategy[Any]], Any]) -> tuple[str, dict[Path, int]]:
    """A TOML text, and the line of every key, table and element in it."""
    names = draw(st.permutations(["a", "b", "allow", "ports", "x-1", "é", "#", "]"]))
    top, rest = names[:2], names[2:6]
    writer = Writer(draw)
    writer.pairs((), top[: draw(st.integers(0, 2))])
    for name in rest[: draw(st.integers(0, 4))]:
        elements = draw(st.integers(0, 2))  # 0: a plain table
        for index in range(max(elements, 1)):
            path: Path = (name, index) if elements else (name,)
            writer.lines.setdefault((name,), writer.line)
            writer.lines[path] = writer.line
            brackets = ("[[", "]]") if elements else ("[", "]")
            writer.write(brackets[0])
            writer.key(name)
            writer.write(brackets[1])
            writer.end()
            writer.pairs(path, draw(st.lists(KEYS, unique=True, max_size=3)))
            if draw(st.booleans()):
                writer.lines[(*path, "sub")] = writer.line
                writer.write("[")
                writer.key(name)
                writer.write(".sub]")
                writer.end()
                writer.pairs((*path, "sub"), draw(st.lists(KEYS, unique=True, max_size=2)))
    return writer.text, writer.lines
