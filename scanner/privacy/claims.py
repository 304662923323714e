"""What the adapters of the programs that manage interfaces have in common."""

from dataclasses import dataclass

from scanner.model.privacy import Layer, Place, Statement


@dataclass(frozen=True, slots=True)
class Claim:
    """One program takes one interface in hand at boot and writes ``statements`` (the last one on a setting decides).

    ``owner`` is the file that a change has to go through: a profile, a .network file, the line to edit; None where the
    program needs none. ``doubt`` is "" or one clause; with a doubt and no statements, it is not known whether the
    program takes the interface at all. ``notes`` tell of the interface what no setting shows.
    """

    layer: Layer
    interface: str
    statements: tuple[Statement, ...]
    owner: Place | None = None
    doubt: str = ""
    notes: tuple[str, ...] = ()
    key: str = ""  # what the program calls it: the UUID of a profile
