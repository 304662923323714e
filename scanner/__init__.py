"""v6expose: what of this IPv6 host can a stranger on the Internet reach, and which device let them?

Start at ``scan.py`` (the story of one scan), then ``model/`` (the values), then ``verdict/`` (the truth table).
docs/ARCHITECTURE.md is the map of the rooms.
"""

__version__ = "0.1.0"
