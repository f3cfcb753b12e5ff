"""The scorecard of a run: one HTML page that works offline, and the same as Markdown."""

from assistant.evaluate.scorecard.markdown import markdown
from assistant.evaluate.scorecard.page import scorecard
from assistant.evaluate.scorecard.weak import weak_points

__all__ = ["markdown", "scorecard", "weak_points"]
