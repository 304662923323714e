"""Pure: what changed between two runs, and why where that is known."""
