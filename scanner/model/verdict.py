"""The joined truth about one port: what both sides together prove. verdict/table.py decides which one it is."""

from enum import StrEnum


class Verdict(StrEnum):
    """One word a port, as in the contract's JSON. See docs/ARCHITECTURE.md, "The decision table"."""

    OPEN = "open"
    OPEN_FILTERED = "open|filtered"
    CLOSED = "closed"
    HOST_DROPPED = "host-dropped"
    HOST_REJECTED = "host-rejected"
    REPLY_LOST = "reply-lost"
    NO_NEIGHBOUR = "no-neighbour"
    ROUTER_REJECTED = "router-rejected"
    UPSTREAM_REJECTED = "upstream-rejected"
    ROUTER_DROPPED = "router-dropped"
    UPSTREAM_DROPPED = "upstream-dropped"
    BLOCKED = "blocked"
    INTERCEPTED = "intercepted"
    FORGED = "forged"
    INDETERMINATE = "indeterminate"


# The router let the probe through to the host: the filter failed to block it.
PASSED = frozenset(
    {
        Verdict.OPEN,
        Verdict.OPEN_FILTERED,
        Verdict.CLOSED,
        Verdict.HOST_DROPPED,
        Verdict.HOST_REJECTED,
        Verdict.REPLY_LOST,
    }
)
# Something before the host stopped it, by proof.
STOPPED = frozenset(
    {
        Verdict.ROUTER_REJECTED,
        Verdict.UPSTREAM_REJECTED,
        Verdict.ROUTER_DROPPED,
        Verdict.UPSTREAM_DROPPED,
        Verdict.BLOCKED,
    }
)
