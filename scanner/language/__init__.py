"""User-facing text in English and Japanese (gettext)."""
