"""The built-in Internet: network namespaces and veth pairs on one machine, nothing can leave it.

topology        who is wired to whom, prefixes and names (pure)
rules           RuleSet values and how they become nftables text (pure)
personalities   the routers and hosts by name, one table (pure)
truth           what a two-sided scan of them must find (pure)
lab             Lab: up, apply, listen, exec, down
state           what a lab has made, on disk, so that the next one can clean up after a crash
commands        running ip, nft and daemons, and ending exactly those
addresses       the host's addresses as its kernel has them
rootless        the same in an unprivileged user namespace
servers         real sshd, smbd and nginx inside a node
advertise, services, late_reject, forge_reset    the lab's own daemons, each a process of its own
"""
