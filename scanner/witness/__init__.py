"""INSIDE: what arrived at the host's network card, before the host's own firewall.

ring      a kernel packet ring (AF_PACKET, TPACKET_V2): frames with direction, neighbour and time, drops counted
watch     opens the ring with the right filter, or says why it cannot
pinhole   flows the inside opens towards the vantage, whose answers must come through: the controls
"""
