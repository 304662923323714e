"""Which router it probably is: by who assigned its MAC address, what it advertises, where the host lives. Pure."""

from collections.abc import Iterator
from ipaddress import IPv6Address

from scanner.model.run import Run
from scanner.model.text import say
from scanner.remedies.routers import load_routers
from scanner.remedies.values import Guess, Router


def guess_router(run: Run) -> tuple[Guess, ...]:
    """The likeliest first; empty where nothing tells. The same router is named once, with the best reason."""
    found: dict[str, Guess] = {}
    for look in (_by_domain, _by_network, _by_vendor, _by_link_local):
        for router, why in look(run):
            found.setdefault(router.id, Guess(router.id, router.name, why))
    return tuple(found.values())


def _by_domain(run: Run) -> Iterator[tuple[Router, str]]:
    """RFC 8106 section 5.2: the search list that the router advertises, or hands out by DHCP."""
    router = run.host.default_router
    for row in load_routers():
        for domain in row.domains:
            if router and domain in router.search_domains:
                yield row, say("the network hands out the search domain {domain}", domain=domain)


def _by_network(run: Run) -> Iterator[tuple[Router, str]]:
    for row in load_routers():
        for network in row.networks:
            if any(IPv6Address(one.address) in network for one in run.addresses if one.scanned):
                yield row, say("the host's address lies in {network}", network=network)


def _by_vendor(run: Run) -> Iterator[tuple[Router, str]]:
    router = run.host.default_router
    vendor = router.vendor if router else ""
    words = vendor.lower()
    for row in load_routers():
        if any(_is_named(words, word) for word in row.vendors):
            yield row, say("the default router's MAC address was assigned to {vendor}", vendor=vendor)


def _is_named(vendor: str, word: str) -> bool:
    """``=name`` is the whole name, as nmap's list shortens it; anything else a part of it."""
    return vendor == word[1:] if word.startswith("=") else word in vendor


def _by_link_local(run: Run) -> Iterator[tuple[Router, str]]:
    router = run.host.default_router
    for row in load_routers():
        if router and router.address in row.link_local:
            yield row, say("the default router advertises itself as {address}", address=router.address)
