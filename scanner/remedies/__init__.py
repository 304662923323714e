"""How to fix it on the router at hand: templates filled with the host's own prefix, ports and interface.

values      Remedy, Guess, Router, Language        what comes out, and a row of the catalogue
routers     load_routers, find_router              data/routers.toml, parsed
situation   Situation, Door, Choice, situation_of  what of a run goes into a text: parsed values only
guess       guess_router                           which router it probably is
render      render                                 templates/remedies/*.j2, with nothing unquoted
advise      remedies_for                           which remedies a finding has

Addresses, prefixes, ports and interface names enter a text only as values that were parsed; names that a program, a
banner or a run document brings along choose a template at most.
"""

from scanner.remedies.advise import remedies_for
from scanner.remedies.guess import guess_router
from scanner.remedies.routers import find_router, load_routers
from scanner.remedies.situation import Choice
from scanner.remedies.values import Guess, Language, Remedy, Router

__all__ = [
    "Choice",
    "Guess",
    "Language",
    "Remedy",
    "Router",
    "find_router",
    "guess_router",
    "load_routers",
    "remedies_for",
]
