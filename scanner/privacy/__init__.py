"""INSIDE facts about settings: which kind of address the host makes and prefers, now and after a reboot.

look              look(): all of it; the files and the kernel are given by their root directories
settings          the literal table: each setting, what its values mean, the standard
running           the kernel's values, and what it knows of each interface
tree              a file system tree that names what cannot be read
what boots, one file a layer (each gives claims: who sets what on which interface, file and line):
  sysctl_files      sysctl.d and its precedence, simulated as the kernel takes it; ufw's own file
  network_manager   profiles and defaults (match_spec: which devices a list means)
  networkd          .network files and their drop-ins
  netplan           YAML, which becomes files of the two above
  ifupdown, dhcpcd  theirs
  cloud_init        which of these files it generates
services          which of these programs starts at boot
resolve           pure: claims -> which layer wins, and how sure that is
profile           server or desktop
changing:
  change            pure: what to write, through the layer that owns the interface
  apply             does it: backup, files, programs, kernel, proof
  journal           backups and their manifest; undo
"""
