"""INSIDE: which rule of the host's own firewall stops a port. Reads rules, changes none; "unknown" is said as unknown.

values       rules, chains and what they match, as frozen values (pure)
run_command  how a program is asked: one function that tests replace
fields       names and numbers of what nftables and ip6tables can match (pure)
nft_match    one match of ``nft -j`` -> values (pure)
nft_rules    the whole of ``nft -j list ruleset`` -> chains (pure)
nft_text     ``nft -a list ruleset`` -> the words of each rule (pure)
ip6tables    ``ip6tables-save`` -> chains (pure)
read         both, and legacy ip6tables, with what could not be read
owners       whose chains these are: ufw, firewalld, docker, ... (pure)
flow         the inbound flow that is asked about, and whether a match is true of it (pure)
walk         which rules may decide about a flow, in the kernel's order (pure)
name_rules   the reason of host-dropped and host-rejected rows (pure)
trace        what ``nft monitor trace`` says, read (pure)
tracing      one flow traced by the kernel, in a table of our own that is always removed
"""
