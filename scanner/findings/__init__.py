"""What the owner should act on: pure rules over what both sides saw. docs/findings.md lists them.

facts         Facts, what the rules are given; View, how they look at it
policy        Policy, what the owner means to be reachable, and its parser
rules         RULES and evaluate(facts) -> findings, the gravest first
exposed       V6X001
router        V6X002, V6X005
partial       V6X003
path          V6X004, V6X006, V6X007
measured      V6X008, V6X009
lan           V6X018
translation   V6X019
differences   V6X020
grade         summarise(facts, findings) -> letter, reasons, counts, headline
headline      the one sentence on top of the report
fingerprint   the name under which the same thing is found again in the next run
words         numbers, lists and places as a reader wants them
"""

from scanner.findings.facts import Facts
from scanner.findings.grade import summarise
from scanner.findings.rules import RULES, evaluate

__all__ = ["RULES", "Facts", "evaluate", "summarise"]
