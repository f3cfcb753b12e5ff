"""Evaluation on the page: scorecards listed, opened, compared."""
