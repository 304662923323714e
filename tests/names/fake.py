"""A DNS that is a table: (server address, name, record) -> what it says. Fakes our own ``Ask``."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from scanner.model.names import Answer, Outcome, Role, Server

RESOLVER = Server(ip_address("192.0.2.53"))


@dataclass
class FakeDns:
    """Rows are texts: addresses or names; ``!word`` is an outcome, ``=name`` an alias. What is missing is NXDOMAIN with
    role and server noted in ``asked``.
    """

    rows: dict[tuple[str, str, str], list[str]]
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, server: Server, name: str, record: str, role: Role) -> Answer:
        key = (str(server.address), name, record)
        self.asked.append(key)
        said = self.rows.get(key, ["!nxdomain"])
        outcome, alias = Outcome.ANSWERED, ""
        addresses: list[IPv4Address | IPv6Address] = []
        names: list[str] = []
        for one in said:
            if one.startswith("!"):
                outcome = Outcome(one[1:])
            elif one.startswith("="):
                alias = one[1:]
            elif record in ("A", "AAAA"):
                addresses.append(ip_address(one))
            else:
                names.append(one)
        ttl = 300 if addresses or alias else None
        return Answer(server, role, name, record, outcome, tuple(addresses), tuple(names), ttl, alias)
