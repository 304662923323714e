"""What the owner should act on: pure rules over what both sides saw. docs/findings.md lists them.

facts         Facts, what the rules are given; View, how they look at it
rules         RULES and evaluate(facts) -> findings, the gravest first
exposed       V6X001
router        V6X002, V6X005
partial       V6X003
path          V6X004, V6X006, V6X007
measured      V6X008, V6X009
privacy       V6X010, V6X011
names         V6X012, V6X013; published compares a name's addresses with the host's
addressing    V6X014, V6X015, V6X017
binding       V6X016
lan           V6X018
translation   V6X019
differences   V6X020
batteries     V6X021, V6X022, V6X023
weight        how an address that is easily found, or that dies, moves the severity of what is exposed there
grade         summarise(facts, findings) -> letter, reasons, counts, headline
headline      the one sentence on top of the report
fingerprint   the name under which the same thing is found again in the next run
words         numbers, lists and places as a reader wants them
"""

from scanner.findings.facts import Facts
from scanner.findings.grade import summarise
from scanner.findings.rules import RULES, evaluate

__all__ = ["RULES", "Facts", "evaluate", "summarise"]
