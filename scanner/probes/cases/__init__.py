"""The packets of the batteries: who a packet is (stamp.py), what it says (read.py), how each case is built.

stamp.py     the identity every probe carries, so that both sides recognise it
read.py      bytes into meaning, whatever headers come first; never raises
craft.py     layers that several cases share
segments.py  TCP flags, data and source ports
headers.py   extension headers, all in one packet
fragments.py fragments
carriers.py  other protocols: AH, ESP, tunnels, rare transports
icmpv6.py    ICMPv6 of every class of RFC 4890
"""
