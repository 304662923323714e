"""What of the lab needs no namespaces."""
