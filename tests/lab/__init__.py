"""The built-in Internet, up and running."""
