"""Words of enums that stand in messages as values (``say("{kind} ...", kind=Kind.STABLE)``), for the translators.

The run document and scripts keep the English words. Words of the decision table ("open", "router-dropped") and of nmap
("syn-ack") are terms that stay as they are.
"""

from scanner.model.text import mark

WORDS = (
    # Kind, State
    mark("stable"),
    mark("temporary"),
    mark("tentative"),
    mark("preferred"),
    mark("deprecated"),
    mark("dadfailed"),
    # Effort
    mark("trivial"),
    mark("easy"),
    mark("medium"),
    mark("hard"),
    mark("none"),
    # Severity; "medium" is above
    mark("info"),
    mark("low"),
    mark("high"),
    mark("critical"),
    # Default
    mark("passed"),
    mark("blocked"),
    mark("unknown"),
)
