"""``nft -a list ruleset`` -> the words of each rule, by its handle. Pure; never raises.

nft's JSON has no words for the owner. A line that is not understood costs its words, nothing else.
"""

import re

TABLE = re.compile(r"table (?P<family>\S+) (?P<name>.+?) \{ # handle \d+$")
BLOCK = re.compile(r"\t(?P<kind>chain|set|map|counter|quota|limit|flowtable|ct helper|ct timeout|secmark|synproxy) ")
RULE = re.compile(r"(?P<text>.*\S) # handle (?P<handle>\d+)$", re.DOTALL)
CHAIN_OWN = re.compile(r'type .*;$|comment "[^"]*"$')  # its hook, its policy, what its owner says of it
# counters run: what they say is of the moment
COUNTS = re.compile(r"counter packets \d+ bytes \d+")

Texts = dict[tuple[str, str, int], str]


def read_texts(listing: str) -> Texts:
    """(family, table, handle) -> the rule as nft writes it, without its counters' values."""
    texts: Texts = {}
    family = table = ""
    in_chain, pending = False, ""
    for line in listing.splitlines():
        if found := TABLE.match(line):
            family, table, in_chain, pending = found["family"], found["name"], False, ""
        elif block := BLOCK.match(line):
            in_chain, pending = block["kind"] == "chain", ""
        elif in_chain and line.startswith("\t\t"):
            pending = f"{pending} {line.strip()}".strip()
            if rule := RULE.match(pending):
                texts[family, table, int(rule["handle"])] = COUNTS.sub("counter", rule["text"])
                pending = ""
            elif CHAIN_OWN.match(pending):
                pending = ""
    return texts
