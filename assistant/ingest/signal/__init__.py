"""Physiological signals, one reader a format."""
