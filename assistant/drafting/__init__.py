"""Drafting in batch: a list of studies in, checked drafts out, nothing lost when it is interrupted."""

from assistant.drafting.batch import DraftOptions, draft_studies
from assistant.drafting.study import Made

__all__ = ["DraftOptions", "Made", "draft_studies"]
