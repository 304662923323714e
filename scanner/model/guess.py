"""How hard an address is to find by trying (RFC 7707), as a value that stands in the run document."""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What the low 64 bits look like, whoever made them."""

    LOW_BYTE_STRICT = "low-byte-strict"
    LOW_BYTE = "low-byte"
    LOW_BYTE_2 = "low-byte-2"
    DHCPV6_POOL = "dhcpv6-pool"
    PORT = "port"
    IPV4_32_LAN = "ipv4-32-lan"
    IPV4_32 = "ipv4-32"
    IPV4_64 = "ipv4-64"
    EUI64_OWN = "eui64-own"
    EUI64_LIKELY = "eui64-likely"
    EUI64_LOCAL = "eui64-local"
    VIRTUALBOX = "virtualbox"
    VMWARE_MANUAL = "vmware-manual"
    VMWARE_ESXI = "vmware-esxi"
    VMWARE_ESX = "vmware-esx"
    KVM = "kvm"
    DOCKER = "docker"
    ISATAP = "isatap"
    TEREDO = "teredo"
    WORDY = "wordy"
    PATTERN = "pattern"
    STABLE_PRIVACY = "stable-privacy"
    TEMPORARY = "temporary"
    OPAQUE_DHCPV6 = "opaque-dhcpv6"
    OPAQUE = "opaque"


class Effort(StrEnum):
    """The severity word: how long a search of the whole space takes. Least effort first."""

    TRIVIAL = "trivial"
    EASY = "easy"
    FEASIBLE = "feasible"
    MEDIUM = "medium"
    HARD = "hard"
    NONE = "not by brute force"

    @property
    def rank(self) -> int:
        return list(Effort).index(self)


@dataclass(frozen=True, slots=True)
class Guessability:
    """``search_bits`` is the binary logarithm of how many addresses of a known /64 have this shape. ``years`` is how
    long trying all of them takes at ``rate`` probes a second; the mean is half of it. ``certain`` False: the shape may
    be chance.
    """

    shape: Shape
    effort: Effort
    search_bits: float
    rate: int
    years: float
    certain: bool
    says: str
