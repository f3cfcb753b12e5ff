"""Judges of claims, and how far each agrees with people."""

from assistant.evaluate.judge.interface import Judge
from assistant.evaluate.judge.registry import open_judge
from assistant.evaluate.judge.verifier import VerifierJudge

__all__ = ["Judge", "VerifierJudge", "open_judge"]
