"""A patient leaves the workspace: indexes, conversations, drafts, evaluation runs, probes and scorecards."""

from assistant.forget.patient import forget_patient
from assistant.forget.report import ForgetReport

__all__ = ["ForgetReport", "forget_patient"]
