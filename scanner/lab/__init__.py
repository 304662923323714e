"""The built-in Internet: network namespaces and veth pairs on one machine, nothing can leave it.

Pure:
    topology        who is wired to whom, prefixes and names
    rules           RuleSet values and how they become nftables text
    personalities   the routers, ISPs and hosts by name, one table
    truth           what a two-sided scan of them must find
    addresses       what ``ip -j -6 addr`` says, as the model's values
    segments        the bytes the lab's liars read and write

Edge:
    lab             Lab: up, apply, listen, exec, down
    commands        running ip, nft and daemons
    state           what a lab has made, on disk, and ending exactly that
    flows           forgetting tracked connections; sockets in another namespace
    interrupt       Ctrl-C and SIGTERM
    rootless        the same in an unprivileged user namespace
    servers         real sshd, smbd and nginx inside a node

Processes of their own, ``python -m scanner.lab.NAME``, standard library only; ``capture`` is what they share:
    advertise, services, late_reject, forge_reset
"""
