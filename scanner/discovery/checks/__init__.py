"""What a scan needs of this machine, checked without sending a packet (``v6expose doctor``).

check       Check, Status: what a check says
programs    Python, nmap, ip, nft
privilege   CAP_NET_RAW, packet sockets, receive buffers
network     a global address, a default router and its MAC
clock       sane and synchronised
every       CHECKS: all of them, in the order in which they are shown
"""
