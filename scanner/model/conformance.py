"""What a battery found of one case: a way through a filter, or one recommendation of a standard."""

from dataclasses import dataclass
from enum import StrEnum


class Standard(StrEnum):
    """Whose catalogue a row is of; ``evasion`` is ours (data/evasion.toml)."""

    EVASION = "evasion"
    RFC4890 = "rfc4890"
    RFC6092 = "rfc6092"
    RFC9099 = "rfc9099"
    RFC7084 = "rfc7084"


class Result(StrEnum):
    """The first four are those of evasion rows, the last three of all others. Not tested is never conforming."""

    THROUGH = "through"  # the witness saw the host receive it
    STOPPED = "stopped"
    PARTIAL = "partial"  # some fragments of it only, or altered on the way
    NOT_MEASURABLE = "not-measurable"
    CONFORMS = "conforms"
    VIOLATES = "violates"
    NOT_TESTABLE = "not-testable"


@dataclass(frozen=True, slots=True)
class ConformanceRow:
    """One case of one standard on one address as seen from one vantage.

    ``id`` is the case's own, stable between runs ("REC-11", "X17", "sport-53-tcp"). ``address`` is the probed one: the
    host's, or the router's own. ``evidence`` is what was sent and seen, ``why`` says why that is good or bad, or why
    it could not be tested.
    """

    standard: Standard
    id: str
    address: str
    vantage: str
    result: Result
    evidence: str
    why: str
    title: str = ""
    meant: bool = False  # what is through is what a correct filter lets through
    reaction: str = ""  # what the host made of an evasion case that arrived: "syn-ack", "reset", "silent", ...
