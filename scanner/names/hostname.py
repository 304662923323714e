"""The names that may be asked for."""

import dns.exception
import dns.name

from scanner.model.errors import InputError
from scanner.model.text import say

_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")  # RFC 1123 section 2.1, and _ as in service names


def parse_name(text: str) -> str:
    """A full domain name in small letters, without the last dot, internationalised labels as xn--. Raises InputError.

    ``*.example.org`` is the wildcard itself.
    """
    remedy = say("write a full domain name, for example www.example.org")
    try:
        name = dns.name.from_text(text.strip(), idna_codec=dns.name.IDNA_2003_Practical)
        written = name.to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InputError(say("{text!r} is no domain name", text=text), remedy) from error
    labels = written.split(".")
    if not all(_is_label(label) for label in labels[1:]) or not (labels[0] == "*" or _is_label(labels[0])):
        raise InputError(say("{text!r} is no domain name", text=text), remedy)
    if len(labels) == 1 or labels[-1].isdigit():
        raise InputError(say("{text!r} is not a full domain name", text=text), remedy)
    return written


def _is_label(label: str) -> bool:
    return bool(label) and set(label) <= _ALLOWED and not label.startswith("-") and not label.endswith("-")
