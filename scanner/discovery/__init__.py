"""INSIDE facts, read in the calling network namespace; nothing is sent and nothing is changed.

inventory         discover(): all of it, at one instant
addresses         the addresses, from the first adapter that answers:
  netlink           rtnetlink by pyroute2 (routes and neighbours too)
  ip_command        ``ip -j``
classify          pure: kernel flags -> kind, state, origin, by a literal table
listeners         what listens, from the first source that answers:
  socket_diagnosis  inet_diag by pyroute2
  proc_net          /proc/net/tcp6 and udp6
  processes         which program holds a socket
present           which addresses the host holds right now, cheap enough to ask every second
checks            what a scan needs of this machine (v6expose doctor)
router            pure: routes and neighbours -> the default router
"""
