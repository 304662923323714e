"""The packets of the batteries: who a packet is (stamp.py), what it says (read.py), how each case is built.

stamp.py     the identity every probe carries, so that both sides recognise it
read.py      bytes into meaning, whatever headers come first; never raises
"""
