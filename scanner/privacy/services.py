"""Which network services start at boot: links of systemd, or of the old runlevels."""

from scanner.privacy.tree import Tree

UNIT_DIRECTORIES = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/run/systemd/generator.late",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
RUNLEVELS = ("/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d", "/etc/rcS.d")


def enabled(tree: Tree, unit: str, script: str = "") -> bool:
    """Whether ``unit`` (without ".service") is wanted by some target, or its init script by some runlevel."""
    service = f"{unit}.service"
    if tree.is_masked(f"/etc/systemd/system/{service}"):
        return False
    for directory in UNIT_DIRECTORIES:
        for wants in tree.names(directory, "*.wants"):
            if service in tree.names(f"{directory}/{wants}"):
                return True
    return any(tree.names(level, f"S[0-9][0-9]{script or unit}") for level in RUNLEVELS)
