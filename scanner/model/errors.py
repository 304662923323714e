"""The error tree. Only cli/ turns these into text, an exit status and what to do next.

ScanError                 carries a message and a remedy, both one line
+-- InputError            exit 2: what the user typed or wrote in a file
|   +-- InputErrors       several of them, told one a line
+-- EnvironmentFault      exit 4: no nmap, no privilege, no vantage
+-- IncompleteError       exit 3: the vantage or the witness failed in mid-scan
"""

from collections.abc import Sequence

from scanner.model.text import clauses, say


class ScanError(Exception):
    """Something the owner must know: ``message`` says what, ``remedy`` says what to do about it."""

    exit_status = 3

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return say("{message}: {remedy}", message=self.message, remedy=self.remedy) if self.remedy else self.message

    @property
    def each(self) -> "tuple[ScanError, ...]":
        """What is told, one line each."""
        return (self,)


class InputError(ScanError):
    """Usage or configuration: names the input and the remedy."""

    exit_status = 2


class InputErrors(InputError):
    """Everything that is wrong with one file, at once: at least one error."""

    def __init__(self, each: Sequence[InputError]) -> None:
        super().__init__(clauses(map(str, each)))
        self._each = tuple(each)

    @property
    def each(self) -> tuple[ScanError, ...]:
        return self._each


class EnvironmentFault(ScanError):
    """The machine or the vantage lacks something: nmap, privilege, python3, IPv6, a reachable vantage."""

    exit_status = 4


class IncompleteError(ScanError):
    """A part of the measurement failed after it had begun; what was measured is kept."""

    exit_status = 3
