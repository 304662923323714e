"""How to fix it on the router at hand: templates filled with the host's own prefix, ports and interface."""
