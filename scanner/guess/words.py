"""Identifiers that spell something: `wordy` in RFC 7707 section 4.1.3."""

from functools import cache

# What people write with sixteen digits, 0 for o, 1 for l or i, 5 for s, 7 for t.
WORDS = frozenset(  # a column of quoted words reads worse
    """
    1337 1ce 1eaf 1ee7 5afe 5ec 5eed a11 abbe abe1 abed acce55 ace aced add added b00b b00c b01d b0a b0b b105
    b1a5 b1ade ba11 ba5 ba5e baba babe bad bad0 bade bead beaded bed bee beef beefed c01a c01d c0a1 c0c0 c0ca
    c0de c0ded c0ffee ca11 cab cafe d00d d1e dad dada dea1 dead dead1 deaf dec0de decade decaf deed deface
    defaced e1f ebb f00 f001 f00ba5 f00d f00d5 f0e f1ee7 facade face faced fade faded fed fee feeb1e feed
    """.split()  # noqa: SIM905
)
SHORTEST = min(map(len, WORDS))
LONGEST = max(map(len, WORDS))


def spells(digits: str) -> bool:
    """``digits`` (hex, small letters) is a word of the list or several of them, with at least one letter."""
    return any(digit.isalpha() for digit in digits) and _splits(digits)


@cache
def _splits(digits: str) -> bool:
    if not digits:
        return True
    return any(
        digits[:length] in WORDS and _splits(digits[length:])
        for length in range(SHORTEST, min(LONGEST, len(digits)) + 1)
    )
