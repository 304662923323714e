"""What the owner means to be reachable, and what must be true before the server goes live: the policy file.

values         Policy and its parts, frozen
parse          text -> Policy, or every mistake at once with its line
tables         one table of the document: typed reading, complaints with their lines
contradictions rules of one file that cannot both be meant
locate         on which line every key of a TOML text stands
file           the file on disk
edit           new entries that leave the owner's comments and order alone

docs/policy.md explains every key to the owner.
"""

from scanner.policy.values import AddressRole, Allow, Policy, Require, Waiver

__all__ = ["AddressRole", "Allow", "Policy", "Require", "Waiver"]
