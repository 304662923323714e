"""What a filter says about everything but a plain SYN, with both sides watching. docs/batteries.md says it to users.

run.py            BATTERIES, the list, and how they are played one after the other
ground.py         what a battery knows before it sends anything, and what it brings home
exchange.py       the core: send ready-made packets, watch both sides, join what belongs together
path_control.py   whether such packets reach the home router at all
evasion.py        ways through: bases.py chooses the ports, evasion_rows.py says what a trial means
icmpv6.py         RFC 4890; path_mtu.py is its experiment with path MTU discovery
reading.py        what both sides saw of one case, in a word
derived.py        what the evasion rows say about RFC 9099 and RFC 7084
simple_security/  RFC 6092
"""
