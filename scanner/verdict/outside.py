"""Is the vantage outside? A certificate with its evidence: proven, refuted or unproven. Pure."""

from ipaddress import IPv6Address

from scanner.model.address import Inventory, Scope
from scanner.model.evidence import Measurement
from scanner.model.run import Outside

FEWEST_ROUTERS = 2  # the home router and at least one that is not the owner's


def certify(inventory: Inventory, vantage: IPv6Address, measurement: Measurement) -> Outside:
    """Refuted by any one contradiction; proven only where every fact speaks for it."""
    against = tuple(contradictions(inventory, vantage, measurement))
    if against:
        return Outside("refuted", against)
    evidence, missing = proofs(inventory, vantage, measurement)
    return Outside("unproven", (*missing, *evidence)) if missing else Outside("proven", evidence)


def contradictions(inventory: Inventory, vantage: IPv6Address, measurement: Measurement) -> list[str]:
    """Facts that show the vantage is not on the other side of the router."""
    found = []
    if inventory.owns(vantage):
        found.append(f"the vantage's address {vantage} is one of this host's own")
    for address in inventory.addresses:
        if (
            address.scope in (Scope.GLOBAL, Scope.UNIQUE_LOCAL)
            and 0 < address.prefix_length < 128
            and vantage in address.network
        ):
            found.append(
                f"the vantage's address {vantage} is in {address.network}, the host's own link ({address.interface})"
            )
    router = inventory.default_router
    for mac, interface in measurement.neighbours:
        if interface == "lo":
            found.append("probes arrived on the loopback interface: they never left this host")
        elif router is not None and router.mac and mac and mac != router.mac.lower():
            found.append(f"probes were handed over by {mac} on {interface}, the default router is {router.mac}")
        elif router is not None and not mac and interface != router.interface:
            found.append(
                f"probes arrived on {interface}, which is not the way to the default router ({router.interface})"
            )
    if measurement.path.routers == 0 and measurement.neighbours:
        found.append("probes arrived with an untouched hop limit: no router lies between")
    return list(dict.fromkeys(found))


def proofs(
    inventory: Inventory, vantage: IPv6Address, measurement: Measurement
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(evidence, what is missing for a proof)."""
    evidence = [f"the vantage's address {vantage} is in no prefix of the host's links"]
    missing = []
    router = inventory.default_router
    if not measurement.neighbours:
        missing.append("no packet of the vantage was seen to arrive")
    elif router is None or not router.mac:
        missing.append("the default router's MAC is not known")
    else:
        evidence.append(f"every packet was handed over by the default router ({router.mac} on {router.interface})")
    routers = measurement.path.routers
    if routers is None:
        missing.append("the length of the path is not known")
    elif routers < FEWEST_ROUTERS:
        missing.append("only one router lies between: the vantage may be another network of the same site")
    else:
        evidence.append(f"the hop limit fell by {routers} on the way in: {routers} routers lie between")
    if measurement.translated:
        inside, seen = measurement.translated[0]
        missing.append(f"addresses are translated on the way: {inside} shows as {seen} outside")
    else:
        evidence.append("the host's addresses show unchanged at the vantage")
    return tuple(evidence), tuple(missing)
