"""The owner's policy lives in scanner.policy; the rules know it by this name."""

from scanner.policy import AddressRole, Allow, Policy

__all__ = ["AddressRole", "Allow", "Policy"]
