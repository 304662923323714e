"""Lab: one built-in Internet, from ``up`` to ``down``."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import IPv6Address
from types import TracebackType
from typing import Any, Self

from scanner.lab import commands, state, topology
from scanner.lab.addresses import parse_addresses
from scanner.lab.flows import forget_flows
from scanner.lab.interrupt import terminate_unwinds, uninterrupted
from scanner.lab.personalities import PASSES, Daemon, Personality
from scanner.lab.rules import COUNTER, TABLE, RuleSet, counting_table
from scanner.lab.topology import LAN_INTERFACE, Lifetimes, Options, namespace, node_of
from scanner.model.address import Address, Kind, State
from scanner.model.errors import EnvironmentFault, IncompleteError
from scanner.model.text import say

FILTERING = ("isp1", "isp2", "cpe", "host")
ADDRESS_TIMEOUT = 10.0  # seconds until the kernel has made its addresses, on a busy machine
POLL = 0.01  # seconds


class Lab:
    """Namespaces, filters and daemons under one name. ``with Lab("v6x-test") as lab:`` always takes them down again.

    ``tempaddr`` and ``addr_gen`` say how the host makes its addresses, ``lifetimes`` (preferred, valid; seconds) what
    the router advertises, ``temporary_lifetimes`` how long the host keeps a temporary address preferred and valid.
    Needs root: real, or that of a user namespace (see rootless.py). Raises EnvironmentFault where that is missing.
    """

    def __init__(
        self,
        name: str = topology.DEFAULT_NAME,
        *,
        tempaddr: int = 2,
        addr_gen: str = "eui64",
        lifetimes: tuple[int, int] = (86_400, 604_800),
        temporary_lifetimes: tuple[int, int] = (86_400, 172_800),
        icmp_ratelimit: bool = False,
    ) -> None:
        self.name = name
        self.options = Options(
            tempaddr, addr_gen, Lifetimes(*lifetimes), Lifetimes(*temporary_lifetimes), icmp_ratelimit
        )
        topology.check(name, self.options)
        self.personality = PASSES
        self._owned = False
        self._unwinding = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as unwinding:
            unwinding.enter_context(terminate_unwinds())
            unwinding.callback(self.down)
            self.up(owned=True)
            self._unwinding = unwinding.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unwinding.close()

    def up(self, *, owned: bool = False) -> None:
        """Build everything; first clean up what an earlier lab of this name left. Host addresses are ready afterwards.

        ``owned``: the lab belongs to this process: no other may take it over, and its daemons die with the thread that
        started them, however it dies.
        """
        if os.geteuid() != 0:
            raise EnvironmentFault(
                say("the lab needs root"), say("run as root, or use `v6expose lab up`, which any user may")
            )
        self._owned = owned
        self._refuse_foreign()
        self.down()
        spaces = topology.namespaces(self.name)
        owner = state.process(os.getpid(), "owner") if owned else None
        state.save(state.Record(self.name, spaces, owner, boot=state.boot_id()))
        commands.run(["ip", "-batch", "-"], topology.namespaces_batch(self.name))
        commands.run_all({self._argv(node, "sh", "-eu"): self._sysctl_script(node) for node in topology.NODES})
        commands.run(["ip", "-batch", "-"], topology.links_batch(self.name))
        self._configure([node for node in topology.NODES if node not in ("host", "printer")])
        self._advertise()
        self._count_printer()
        self._configure(["host", "printer"])
        self.wait_addresses(2 if self.options.tempaddr else 1)
        self.apply(PASSES)

    def down(self) -> None:
        """Take everything down, whole or half built, by this process or an earlier one; idempotent."""
        record = state.load(self.name)
        if record is None:
            return
        with uninterrupted():
            left = [space for space in record.namespaces if space in commands.existing_namespaces()]
            inhabitants = {pid for space in left for pid in commands.processes_in(space)} - {os.getpid()}
            found = tuple(one for pid in inhabitants if (one := state.process(pid)))
            state.end((*record.processes, *found))
            commands.run(["ip", "-batch", "-"], "".join(f"netns del {space}\n" for space in left))
            state.forget(self.name)

    def require_up(self) -> None:
        """Raises EnvironmentFault where no lab of this name is up."""
        if not self.status()["up"]:
            raise EnvironmentFault(
                say("no lab named {name} is up", name=self.name), say("start it with `v6expose lab up`")
            )

    def apply(self, what: Personality | Mapping[str, RuleSet]) -> None:
        """Put a personality, or one rule set a node, in force; forget every flow the filters knew."""
        one = what if isinstance(what, Personality) else Personality("rules", "rule sets by node", what)
        stable = [address.ip for address in self.host_addresses() if address.kind is Kind.STABLE]
        self._end_daemons("personality")
        texts = {self._argv(node, "nft", "-f", "-"): "flush ruleset\n" + one.text(node, stable) for node in FILTERING}
        commands.run_all(texts)
        for node in FILTERING:
            forget_flows(self.node(node))
        for daemon in one.daemons:
            self._start(daemon, "personality")
        self.personality = one
        self._remember(personality=one.name)

    def listen(self, tcp: str = "", udp: str = "", udp_silent: str = "", bind: str = "::") -> None:
        """Replace the host's stand-in services (ports in nmap syntax). UDP ones answer, ``udp_silent`` ones do not."""
        self._end_daemons("services")
        if tcp or udp or udp_silent:
            words = ("--tcp", tcp, "--udp", udp, "--udp-silent", udp_silent, "--bind", bind)
            self._start(Daemon("host", "services", words), "services")

    def adopt(self, pid: int, role: str) -> None:
        """Record a process as the lab's own, to be ended with it."""
        record, one = state.load(self.name), state.process(pid, role)
        if record is not None and one is not None:
            state.save(replace(record, processes=(*record.processes, one)))

    def node(self, name: str) -> str:
        """The network namespace of a node. Raises InputError naming the known nodes."""
        return namespace(self.name, node_of(name))

    def argv(self, node: str, argv: Sequence[str]) -> list[str]:
        """The argv that runs ``argv`` on a node."""
        return commands.inside(self.node(node), argv)

    def exec(self, node: str, argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
        """Run a command on a node and wait for it; ``options`` are subprocess.run's."""
        settings: dict[str, Any] = {"check": True, "env": commands.environment()} | options
        done: subprocess.CompletedProcess[Any] = subprocess.run(self.argv(node, argv), **settings)  # noqa: PLW1510
        return done

    def popen(self, node: str, argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a command on a node; ``options`` are subprocess.Popen's. ``down`` ends it if nobody else has."""
        return subprocess.Popen(self.argv(node, argv), **({"env": commands.environment()} | options))

    @property
    def vantage_address(self) -> IPv6Address:
        return topology.VANTAGE_ADDRESS

    def host_addresses(self) -> tuple[Address, ...]:
        """The host's global addresses, as its kernel has them now."""
        text = commands.run(["ip", "-n", self.node("host"), "-j", "-6", "addr", "show", "dev", LAN_INTERFACE])
        return parse_addresses(text)

    def wait_addresses(
        self, count: int, *, deprecated: int = 0, timeout: float = ADDRESS_TIMEOUT
    ) -> tuple[Address, ...]:
        """Wait until the host has at least ``count`` usable global addresses, at least ``deprecated`` of them so."""
        deadline = time.monotonic() + timeout
        while True:
            addresses = tuple(address for address in self.host_addresses() if address.scannable)
            old = sum(address.state is State.DEPRECATED for address in addresses)
            if len(addresses) >= count and old >= deprecated:
                return addresses
            if time.monotonic() > deadline:
                raise IncompleteError(
                    say(
                        "the lab's host has {addresses} addresses ({old} deprecated) after {timeout:g} s, not "
                        "{count} ({deprecated} deprecated)",
                        addresses=len(addresses),
                        old=old,
                        timeout=timeout,
                        count=count,
                        deprecated=deprecated,
                    )
                )
            time.sleep(POLL)

    def printer_packets(self) -> int:
        """How many packets from beyond the LAN have reached the printer."""
        text = commands.run(self.argv("printer", ["nft", "list", "counter", "ip6", TABLE, COUNTER]))
        words = text.split()
        return int(words[words.index("packets") + 1])

    def status(self) -> dict[str, Any]:
        """What is there now, as JSON values."""
        record = state.load(self.name)
        if record is None:
            return {"name": self.name, "up": False}
        spaces = commands.existing_namespaces()
        addresses = self.host_addresses() if self.node("host") in spaces else ()
        return {
            "name": self.name,
            "up": all(space in spaces for space in record.namespaces),
            "personality": record.personality,
            "nodes": {node: self.node(node) for node in topology.NODES if self.node(node) in spaces},
            "vantage_address": str(self.vantage_address),
            "host_addresses": [{"address": str(a.ip), "kind": a.kind, "state": a.state} for a in addresses],
            "processes": [{"pid": one.pid, "role": one.role, "alive": state.alive(one)} for one in record.processes],
        }

    def _argv(self, node: str, *argv: str) -> tuple[str, ...]:
        return tuple(self.argv(node, argv))

    def _sysctl_script(self, node: str) -> str:
        values = topology.sysctls(node, self.options)
        return "".join(f"echo {value} >/proc/sys/net/ipv6/{path}\n" for path, value in values.items())

    def _configure(self, nodes: Sequence[str]) -> None:
        commands.run_all({self._batch_argv(node): topology.node_batch(node) for node in nodes})

    def _batch_argv(self, node: str) -> tuple[str, ...]:
        return ("ip", "-n", self.node(node), "-6", "-batch", "-")

    def _advertise(self) -> None:
        lifetimes = self.options.prefix
        words = (topology.BRIDGE, str(topology.LAN), str(lifetimes.preferred), str(lifetimes.valid))
        self._start(Daemon("cpe", "advertise", words), "advertise")

    def _count_printer(self) -> None:
        commands.run(self._argv("printer", "nft", "-f", "-"), counting_table())

    def _start(self, daemon: Daemon, role: str) -> None:
        pid = commands.daemon(self._daemon_argv(daemon))
        self.adopt(pid, role)

    def _daemon_argv(self, daemon: Daemon) -> list[str]:
        python = [sys.executable, "-m", f"scanner.lab.{daemon.module}", *daemon.arguments]
        leash = ["setpriv", "--pdeathsig", "KILL"] if self._owned else []
        return [*leash, *self.argv(daemon.node, python)]

    def _end_daemons(self, role: str) -> None:
        record = state.load(self.name)
        if record is not None:
            state.end(tuple(one for one in record.processes if one.role == role))
            state.save(replace(record, processes=tuple(one for one in record.processes if one.role != role)))

    def _remember(self, **changes: Any) -> None:
        record = state.load(self.name)
        if record is not None:
            state.save(replace(record, **changes))

    def _refuse_foreign(self) -> None:
        record = state.load(self.name)
        owner = record.owner if record else None
        if owner and owner.pid != os.getpid() and state.alive(owner):
            raise EnvironmentFault(
                say("a lab named {name} belongs to process {pid}", name=self.name, pid=owner.pid),
                say("give another --name"),
            )
        ours = record.namespaces if record else ()
        foreign = sorted(set(topology.namespaces(self.name)) & commands.existing_namespaces() - set(ours))
        if foreign:
            raise EnvironmentFault(
                say("network namespace {foreign} exists and no lab made it", foreign=foreign[0]),
                say("give another --name"),
            )
