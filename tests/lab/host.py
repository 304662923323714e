"""The lab's host as the tests see it: a process in its namespace that measures on demand (measuring.py)."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scanner.lab.lab import Lab
from scanner.lab.personalities import Personality
from scanner.lab.rules import Role, RuleSet
from scanner.lab.truth import Services, truth
from scanner.model.address import Kind
from scanner.model.ports import PortSet
from scanner.model.verdict import Verdict

MEASURING = Path(__file__).with_name("measuring.py")
What = Personality | dict[str, RuleSet]
Place = tuple[str, str, int]  # address, protocol, port


@dataclass(frozen=True)
class Answer:
    """What measuring.py said."""

    said: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.said[name]

    @property
    def verdicts(self) -> dict[Place, Verdict]:
        """One verdict for each port; fails where a port stands in two."""
        found: dict[Place, Verdict] = {}
        for table in self.said["tables"]:
            for verdict, ports in table["verdicts"].items():
                for port in PortSet.parse(ports):
                    place = (table["address"], table["protocol"], port)
                    assert place not in found, place
                    found[place] = Verdict(verdict)
        return found

    def evidence(self, place: Place) -> dict[str, Any]:
        address, protocol, port = place
        table = next(t for t in self.said["tables"] if (t["address"], t["protocol"]) == (address, protocol))
        row: dict[str, Any] = next(row for row in table["evidence"] if port in PortSet.parse(row["ports"]))
        return row


@dataclass(frozen=True)
class Job:
    """A router to be measured, and how."""

    what: Personality
    services: Services
    tcp: PortSet
    udp: PortSet
    linger: float = 0.0
    spec: str = "netns:{inet}"


@dataclass(frozen=True)
class Told:
    """What was said, what is true, and how many seconds it took."""

    answer: Answer
    expected: dict[Place, Verdict]
    seconds: float

    @property
    def wrong(self) -> dict[Place, tuple[Verdict, Verdict]]:
        """Said and true where they differ, unless it is said to be unknown."""
        said = self.answer.verdicts
        assert said.keys() == self.expected.keys()
        return {p: (said[p], v) for p, v in self.expected.items() if said[p] not in (v, Verdict.INDETERMINATE)}


class Host:
    """One measuring process; ``ask`` puts it a question and waits, ``begin`` and ``end`` leave time in between."""

    def __init__(self, lab: Lab, *, errors: int = subprocess.DEVNULL) -> None:
        self.lab = lab
        self.number = 0
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
        self.process = lab.popen("host", [sys.executable, str(MEASURING)], text=True, **pipes)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def begin(self, **question: Any) -> None:
        self.number += 1
        question = {"spec": f"netns:{self.lab.node('inet')}", "number": self.number} | question
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()

    def end(self) -> Answer:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.stderr.read() if self.process.stderr else "measuring.py died")
        answer = Answer(json.loads(line))
        assert "error" not in answer.said, answer.said
        return answer

    def until_it_says(self, word: str) -> None:
        """Wait for a line of progress on the question that was begun last; needs ``errors=PIPE``."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith(f"question {self.number}: {word}"):
                return
        raise AssertionError(f"never said {word}")

    def ask(self, **question: Any) -> Answer:
        self.begin(**question)
        return self.end()

    def measured(self, job: Job) -> Told:
        self.lab.apply(job.what)
        started = time.monotonic()
        spec = job.spec.format(inet=self.lab.node("inet"))
        answer = self.ask(spec=spec, tcp=str(job.tcp), udp=str(job.udp), linger=job.linger)
        return Told(answer, self.truth(job.what, job.services, job.tcp, job.udp), time.monotonic() - started)

    def interrupt(self) -> None:
        """Ctrl-C: ``ip netns exec`` has become the measuring process itself."""
        self.process.send_signal(signal.SIGINT)

    def roles(self) -> dict[str, Role]:
        """Every address of the host and its role in the rules."""
        return {
            str(one.ip): Role.TEMPORARY if one.kind is Kind.TEMPORARY else Role.STABLE
            for one in self.lab.host_addresses()
        }

    def truth(self, what: What, services: Services, tcp: Iterable[int], udp: Iterable[int]) -> dict[Place, Verdict]:
        """What a measurement of these ports must find, on every address."""
        expected: dict[Place, Verdict] = {}
        for address, role in self.roles().items():
            for protocol, ports in (("tcp", tcp), ("udp", udp)):
                verdicts = truth(what, services, protocol, role)
                by_port = {port: verdict for verdict, some in verdicts.items() for port in some}
                expected |= {(address, protocol, port): by_port[port] for port in ports}
        return expected


def differences(answer: Answer, expected: dict[Place, Verdict]) -> list[str]:
    """What was said and what is true where they differ, with the evidence, for a test that fails to be read."""
    found = answer.verdicts
    assert found.keys() == expected.keys()
    return [
        f"{place}: said {found[place]}, true is {verdict}: {answer.evidence(place)}"
        for place, verdict in expected.items()
        if found[place] != verdict
    ]
