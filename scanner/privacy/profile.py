"""Server or desktop: what the owner says, otherwise what the files show."""

from scanner.model.privacy import Profile
from scanner.model.text import say
from scanner.privacy.tree import Tree

# systemd.special(7): the alias of the enabled display manager; Debian's file for the same
DISPLAY_MANAGERS = ("/etc/systemd/system/display-manager.service", "/etc/X11/default-display-manager")
DEFAULT_TARGET = "/etc/systemd/system/default.target"


def guess_profile(tree: Tree) -> tuple[Profile, str]:
    """Desktop only where a display manager starts at boot; everything else has no screen to show one on.

    default.target alone proves nothing: distributions ship graphical.target for servers too.
    """
    target = tree.real(DEFAULT_TARGET)
    if target is not None and target.name == "multi-user.target":
        return Profile.SERVER, say("{path} is multi-user.target", path=DEFAULT_TARGET)
    for path in DISPLAY_MANAGERS:
        # the alias is a link to a unit that a tree from elsewhere may not hold
        if path.rpartition("/")[2] in tree.names(path.rpartition("/")[0]) and not tree.is_masked(path):
            return Profile.DESKTOP, say("a display manager starts at boot ({path})", path=path)
    return Profile.SERVER, say("no display manager starts at boot")
