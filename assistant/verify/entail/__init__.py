"""Entailment models: does a text say what a claim says? Each one by name, behind one small interface."""

from assistant.verify.entail.registry import EntailmentModel, open_entailment

__all__ = ["EntailmentModel", "open_entailment"]
