"""Ways through a filter: does what is stopped as a plain SYN or datagram get in when it is said in another way?

A case is a way through only if the witness saw the host receive it. Silence is the filter's merit only if controls came
through and, where headers could have died in transit, a hop-limited copy reached the home router.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv6Address

from scanner.batteries.bases import Bases, choose_bases
from scanner.batteries.evasion_rows import row_of, unasked
from scanner.batteries.exchange import Exchange, Outcome, Shot, open_exchange
from scanner.batteries.ground import Ground, Played
from scanner.batteries.path_control import Reached, control_path, representatives
from scanner.batteries.reading import first_arrival, in_any, through
from scanner.data.cases import EVASION, load_cases
from scanner.model.cases import Case
from scanner.model.conformance import ConformanceRow
from scanner.model.text import say
from scanner.probes.cases import carriers, fragments, headers, segments
from scanner.probes.cases.craft import Base
from scanner.probes.cases.segments import Build, towards

NAME = "evasion"
STAGE = "ways through the filter"
BUILDS: Mapping[str, Build] = {**segments.CASES, **headers.CASES, **fragments.CASES, **carriers.CASES}
# Cases whose source port is the point of them.
SOURCE_PORTS: Mapping[str, int] = {
    f"sport-{port}-{protocol}": port for port in segments.SOURCE_PORTS for protocol in ("tcp", "udp")
} | {"tcp-syn-port-0": 0}
PLAIN = {"tcp-blocked": segments.syn, "udp-blocked": segments.datagram, "tcp-allowed": segments.syn}
Key = tuple[IPv6Address, str]  # (address, case or base)


def play(ground: Ground) -> Played:
    """Every case of the catalogue at every address."""
    cases = load_cases(EVASION)
    bases = {a: choose_bases(ground.tables, ground.listeners, a) for a in ground.addresses}
    if not any(one.ports for one in bases.values()):
        name = ground.vantage.name
        return Played(tuple(unasked(case, a, name, bases[a].doubt(case.base)) for a in bases for case in cases))
    theirs = {port for one in bases.values() for port in one.ports.values()}
    with open_exchange(
        ground.vantage,
        ground.addresses,
        ground.key,
        pace=ground.pace,
        theirs=theirs,
        prior=ground.prior,
        present=ground.present,
        tick=lambda done, total: ground.progress(STAGE, done, total, ground.pace.rate),
    ) as exchange:
        bases = verified(exchange, bases)
        return measured(exchange, ground, cases, bases)


def measured(exchange: Exchange, ground: Ground, cases: Sequence[Case], bases: Mapping[IPv6Address, Bases]) -> Played:
    wanted = [(a, case) for case in cases for a in bases if not bases[a].doubt(case.base)]
    outcomes = exchange.fire(shot_of(case, a, bases[a]) for a, case in wanted)
    told = {(a, case.id): outcome for (a, case), outcome in zip(wanted, outcomes, strict=True)}
    opened = opened_by(exchange, bases, {key: outcome for key, outcome in told.items() if through(outcome)}, cases)
    reached = reached_router(exchange, ground, cases, bases, told)
    name = ground.vantage.name
    rows = tuple(
        unasked(case, address, name, bases[address].doubt(case.base))
        if (address, case.id) not in told
        else row_of(
            case,
            name,
            told[address, case.id],
            bases[address].ports[case.base],
            reached.get(case.id),
            opened=(address, case.id) in opened,
        )
        for address in bases
        for case in cases
    )
    return Played(rows, exchange.problems, exchange.interrupted)


# -- what is sent


def shot_of(case: Case, address: IPv6Address, bases: Bases) -> Shot:
    base = Base(bases.ports[case.base], bases.ports.get("tcp-allowed", 80))
    return Shot(case.id, address, towards(BUILDS[case.id], base), source_port=SOURCE_PORTS.get(case.id))


def plain(base: str, address: IPv6Address, bases: Bases) -> Shot:
    """The plain SYN or datagram to a base, to see that it still is what it was in the sweep."""
    return Shot(base, address, towards(PLAIN[base], Base(bases.ports[base])))


def verified(exchange: Exchange, bases: Mapping[IPv6Address, Bases]) -> dict[IPv6Address, Bases]:
    """The bases that are still what the sweep found: those blocked stay silent, the one let in arrives."""
    shots = [plain(base, address, one) for address, one in bases.items() for base in one.ports]
    fixed: dict[IPv6Address, Bases] = dict(bases)
    for outcome in exchange.fire(shots):
        base, address = outcome.shot.case, outcome.shot.target
        arrived = through(outcome)
        if arrived == (base == "tcp-allowed"):
            continue
        port = fixed[address].ports[base]
        now = say("port {port} was stopped in the sweep and is let in now", port=port)
        if not arrived:
            now = say("port {port} was let in by the sweep and is stopped now", port=port)
        ports = {name: number for name, number in fixed[address].ports.items() if name != base}
        fixed[address] = Bases(ports, fixed[address].why | {base: outcome.doubt or now})
    return fixed


def opened_by(
    exchange: Exchange, bases: Mapping[IPv6Address, Bases], passed: Mapping[Key, Outcome], cases: Sequence[Case]
) -> set[Key]:
    """Cases that may have come in only because an earlier one had opened the port: all but the first of a port to which
    a plain SYN or datagram comes in now.
    """
    base_of = {case.id: case.base for case in cases}
    groups: dict[Key, list[str]] = defaultdict(list)
    for address, case in passed:
        if base_of[case] != "tcp-allowed":
            groups[address, base_of[case]].append(case)
    open_now = {
        (outcome.shot.target, outcome.shot.case)
        for outcome in exchange.fire(replace(plain(base, a, bases[a]), tries=1) for a, base in groups)
        if through(outcome)
    }
    late: set[Key] = set()
    for address, base in open_now:
        ids = sorted(groups[address, base], key=lambda case: first_arrival(passed[address, case]))
        late |= {(address, case) for case in ids[1:]}
    return late


def reached_router(
    exchange: Exchange,
    ground: Ground,
    cases: Sequence[Case],
    bases: Mapping[IPv6Address, Bases],
    told: Mapping[Key, Outcome],
) -> dict[str, Reached]:
    """For each case that was silent and could have died in transit: whether such packets reach the home router."""
    by_id = {case.id: case for case in cases}
    silent = {case: a for (a, case), outcome in told.items() if not in_any(outcome) and not outcome.doubt}
    speakers = representatives({case.id: case.path for case in cases}, list(silent))
    shots = {
        speaker: shot_of(by_id[speaker], silent[case], bases[silent[case]])
        for case, speaker in speakers.items()
        if by_id[speaker].base in bases[silent[case]].ports
    }
    found = control_path(exchange, ground.path, shots, ground.errors)
    return {case: found[speaker] for case, speaker in speakers.items() if speaker in found}


def rows_unasked(ground: Ground, why: str) -> Iterable[ConformanceRow]:
    """Every case, where none can be tried at all."""
    cases = load_cases(EVASION)
    return (unasked(case, address, ground.vantage.name, why) for address in ground.addresses for case in cases)
