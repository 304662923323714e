"""RFC 6092, as data: one ``Recommendation`` a row of data/simple_security.toml."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recommendation:
    """``title`` is a statement that a router conforms to or violates. One of ``how`` (what both sides do) and
    ``untestable`` (why nothing is sent) is "".
    """

    number: int
    level: str
    title: str
    how: str
    untestable: str

    @property
    def id(self) -> str:
        return f"REC-{self.number}"
