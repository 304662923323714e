"""The host's rules, asked for and never touched: nft, and ip6tables of both kinds where there are such rules."""

import json
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path

from scanner.hostwall.ip6tables import read_saved
from scanner.hostwall.name_rules import Whence
from scanner.hostwall.nft_rules import NotRules, read_rules
from scanner.hostwall.nft_text import read_texts
from scanner.hostwall.run_command import NOT_INSTALLED, Runner, Said, run_command
from scanner.hostwall.values import Chain, HostRules, Source
from scanner.model.text import say

LEGACY_TABLES = Path("/proc/net/ip6_tables_names")  # the legacy tables in use in this network namespace
OF_NF_TABLES = "(nf_tables)"  # in the first line of the save program of that kind
XT = '"xt"'  # in nft's JSON: a match of ip6tables that nft cannot put into words
AS_ROOT = say("run as root")
LONGEST = 200


def read_host_rules(run: Runner = run_command, legacy_tables: Path = LEGACY_TABLES) -> HostRules:
    """Every rule that inbound packets may meet. Never raises: what could not be read is in ``problems``."""
    chains, problems = _nftables(run)
    legacy, more = _legacy(run, legacy_tables)
    return HostRules((*chains, *legacy), (*problems, *more))


def _nftables(run: Runner) -> tuple[tuple[Chain, ...], tuple[str, ...]]:
    said = run(("nft", "-j", "list", "ruleset"))
    if said.status:
        remedy = say("install the package nftables") if said.status == NOT_INSTALLED else AS_ROOT
        why = _first_line(said)
        return (), (say("the rules of nftables cannot be read ({why}): {remedy}", why=why, remedy=remedy),)
    listing = run(("nft", "-a", "list", "ruleset"))
    try:
        chains = read_rules(said.output, read_texts(listing.output) if listing.status == 0 else None)
    except NotRules as error:
        return (), (say("the rules of nftables cannot be read ({why}): see `nft -j list ruleset`", why=error),)
    return (_written_out(chains, run) if XT in said.output else chains), ()


def _written_out(chains: tuple[Chain, ...], run: Runner) -> tuple[Chain, ...]:
    """The tables that ip6tables made, in ip6tables' words, which hide nothing; the others as nft has them."""
    saved: tuple[Chain, ...] = ()
    for program in ("ip6tables-nft-save", "ip6tables-save"):
        said = run((program,))
        if said.status == 0 and OF_NF_TABLES in said.output:
            saved = read_saved(said.output, Source.IP6TABLES)
            break
    tables = {chain.table for chain in saved} & {chain.table for chain in chains if chain.family == "ip6"}
    kept = (chain for chain in chains if chain.family != "ip6" or chain.table not in tables)
    return (*kept, *(chain for chain in saved if chain.table in tables))


def _legacy(run: Runner, tables: Path) -> tuple[tuple[Chain, ...], tuple[str, ...]]:
    """Asked for only where the kernel has such tables: asking would load them."""
    try:
        if not tables.read_text().split():
            return (), ()
    except FileNotFoundError:
        return (), ()
    except OSError as error:
        why = error.strerror
        return (), (say("the rules of legacy ip6tables cannot be read ({why}): {remedy}", why=why, remedy=AS_ROOT),)
    said = Said(NOT_INSTALLED, "", "ip6tables-legacy is not installed")
    for program in ("ip6tables-legacy-save", "ip6tables-save"):
        said = run((program,))
        if said.status == 0 and OF_NF_TABLES not in said.output:
            return read_saved(said.output, Source.LEGACY), ()
    why, remedy = _first_line(said), say("install the package iptables")
    return (), (say("the rules of legacy ip6tables cannot be read ({why}): {remedy}", why=why, remedy=remedy),)


def _first_line(said: Said) -> str:
    lines: Iterable[str] = (line.strip() for line in (said.errors or said.output).splitlines())
    return next((line for line in lines if line), f"exit status {said.status}")[:LONGEST]


def read_whence(
    source: IPv6Address | None, address_on: str, router_on: str | None, run: Runner = run_command
) -> Whence:
    """How packets of the vantage come in. ``address_on`` is the scanned address's interface, ``router_on`` the default
    router's: only where both are one is it known by which interface a packet comes.
    """
    interface = address_on if address_on == router_on else None
    return Whence(source, interface, _way_back(source, run) if source is not None else None)


def _way_back(source: IPv6Address, run: Runner) -> str | None:
    """The interface that answers leave by, None where it cannot be told (policy routing, no `ip`)."""
    with suppress(ValueError, KeyError, TypeError, IndexError):
        rules = json.loads(run(("ip", "-6", "-j", "rule")).output)
        if any(rule["table"] not in ("local", "main", "default") or "fwmark" in rule for rule in rules):
            return None
        route = json.loads(run(("ip", "-6", "-j", "route", "get", str(source))).output)[0]
        return str(route["dev"])
    return None
