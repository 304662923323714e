"""Commands of ufw on a node of the lab, with a configuration of their own: the machine's stays untouched."""

from scanner.lab.lab import Lab

OWN_ETC = """\
mount -t tmpfs none /mnt
cp -a /etc /mnt/etc 2>/dev/null || true
mount --bind /mnt/etc /etc
mount -t tmpfs none /run
"""
FRESH_UFW = """\
if [ -d /usr/share/ufw ]; then
  cp /usr/share/ufw/*.rules /usr/share/ufw/ufw.conf /etc/ufw/
  sed -i s/^IPV6=.*/IPV6=yes/ /etc/default/ufw
fi
"""


def in_its_own_etc(lab: Lab, node: str, text: str) -> None:
    """Run a script on a node; what it writes under /etc and /run is gone with it."""
    script = f"{OWN_ETC}{FRESH_UFW}{text}"
    lab.exec(node, ["unshare", "--mount", "sh", "-eu"], input=script, text=True, capture_output=True)
