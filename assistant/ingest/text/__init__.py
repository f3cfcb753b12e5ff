"""Texts, one reader a format, and how they are cut into passages."""
