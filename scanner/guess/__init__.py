"""How hard an address is to find, and what it gives away: RFC 7707, pure.

eui64        a MAC address in an identifier, and back
words        identifiers that spell something
patterns     shape_of(): which pattern the low 64 bits have, the first of an ordered list
classes      SEARCHES: for each shape the search space and the word for it; guess()
disclosure   what an address tells whoever sees it
doors        how many doors a host has, and what a server learns from a connection
records      an address as the run document has it
"""

from scanner.guess.classes import DEFAULT_RATE, guess
from scanner.guess.disclosure import gives_away

__all__ = ["DEFAULT_RATE", "gives_away", "guess"]
