"""What the DNS says of the owner's names: questions to every authoritative server and to the resolver.

hostname   the names that may be asked for
ask        one question to one server -> Answer, whatever happens; the only module that sends
resolvers  /etc/resolv.conf
zone       the zone of a name and its authoritative servers
look_up    a name or the host's own addresses -> all answers
ddns/      which DDNS clients are set up on this host: one parser a file format

scanner.findings.published compares the answers with the inventory, scanner.findings.names judges.
"""
