"""A run that can be shown to strangers: every address, MAC and name becomes a pseudonym, the same one everywhere.

Pure. Whatever is rendered of the redacted run cannot say what the run does not hold.

addresses   IPv6, IPv4 and MAC addresses -> pseudonyms that keep who shares a prefix with whom
words       a text -> the same text without addresses and known names, however they are written
document    a run -> the redacted run
"""

from scanner.redact.document import beside, redacted

__all__ = ["beside", "redacted"]
