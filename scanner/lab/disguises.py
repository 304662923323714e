"""Ways of seeming to be outside, or of standing between: nftables and daemons for the lab's routers (pure).

No personalities for ``v6expose lab apply``: what a scan must say of them is that it may not be believed.
"""

from scanner.lab.personalities import PASSES, Daemon, Personality
from scanner.lab.topology import DELEGATED

PROXY_PORT = 8081
_OUTBOUND = f'ip6 saddr {DELEGATED} oifname "wan0"'


def nat66(outside: str = "") -> Personality:
    """The home router hides all inside addresses behind ``outside``, by default its own."""
    target = f"snat to {outside}" if outside else "masquerade"
    text = (
        "table ip6 v6expose_nat {\n  chain out {\n    type nat hook postrouting priority srcnat;\n"
        f"    {_OUTBOUND} {target}\n  }}\n}}\n"
    )
    return Personality("nat66", "the router translates every inside address to one", tables={"cpe": text})


def hairpin(address: str) -> Personality:
    """The home router sends what one LAN machine (``address``) asks of another with its own WAN address."""
    text = (
        "table ip6 v6expose_nat {\n  chain out {\n    type nat hook postrouting priority srcnat;\n"
        f"    ip6 saddr {address} ip6 daddr {DELEGATED} snat to 2001:db8:2c::2\n  }}\n}}\n"
    )
    return Personality("hairpin", "the router reflects one LAN machine onto the LAN", tables={"cpe": text})


def tcp_proxy(router: Personality = PASSES) -> Personality:
    """Every TCP connection ends at the ISP, which opens another one to the host from its own address."""
    text = (
        "table ip6 v6expose_proxy {\n  chain catch {\n    type nat hook prerouting priority dstnat;\n"
        f"    ip6 daddr {DELEGATED} meta l4proto tcp redirect to :{PROXY_PORT}\n  }}\n}}\n"
    )
    return Personality(
        "tcp-proxy",
        "a transparent proxy at the ISP takes every TCP connection",
        filters=router.filters,
        tables={"isp2": text},
        daemons=(Daemon("isp2", "tcp_proxy", (str(PROXY_PORT),)),),
    )


def replayed_answers(router: Personality = PASSES) -> Personality:
    """Somebody at the ISP answers every SYN with a SYN-ACK of another connection."""
    return Personality(
        "replayed-answers",
        "something at the ISP replays answers",
        filters=router.filters,
        daemons=(Daemon("isp2", "replay_answers", ("down0", str(DELEGATED))),),
    )
