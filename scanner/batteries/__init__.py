"""What a filter says about everything but a plain SYN, with both sides watching."""
