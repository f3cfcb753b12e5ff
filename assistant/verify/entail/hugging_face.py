"""Any Hugging Face model trained on natural language inference: "nli:<hub name or folder>".

Its labels are read from its own configuration, by name: entailment, neutral, contradiction in any order, or
entailment against not_entailment.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.embed.registry import fingerprint
from assistant.errors import RecipeError
from assistant.settings import Settings
from assistant.verify.entail.parts import in_parts, judge_in_parts
from assistant.verify.entail.torch_models import open_transformers, window

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 16
_MEANINGS = {"entail": 0, "neutral": 1, "not_entail": 1, "contradict": 2}


class NliModel:
    """A sequence classifier over (evidence, claim) as premise and hypothesis."""

    def __init__(self, model: str, settings: Settings) -> None:
        self.name = f"nli:{model}"
        self._tokenizer, self._model, digest = open_transformers(
            "AutoModelForSequenceClassification", "nli", model, settings.embed
        )
        self._columns = label_columns(self._model.config.id2label, self.name)
        self._window = window(self._tokenizer, self._model, 512)
        self._one_at_a_time = threading.Lock()  # a tokenizer's padding is state that threads would share
        self.fingerprint = fingerprint(digest, self._columns, self._window, "premise hypothesis", 1)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """As `EntailmentModel.judge`."""
        with self._one_at_a_time:
            return judge_in_parts(pairs, self._cut, self._judge)

    def _length(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _cut(self, claim: str, evidence: str) -> list[str]:
        return in_parts(evidence, max(self._window - self._length(claim) - 4, self._window // 4), self._length)

    def _judge(self, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
        import torch

        rows = np.zeros((len(pairs), 3), np.float32)
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][1]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            tokens: Any = self._tokenizer(
                [pairs[i][1] for i in batch],
                [pairs[i][0] for i in batch],
                truncation="longest_first",
                max_length=self._window,
                padding=True,
                return_tensors="pt",
            ).to(self._model.device)
            with torch.inference_mode():
                shares = self._model(**tokens).logits.float().softmax(-1).cpu().numpy()
            for column, share in zip(self._columns, shares.T, strict=True):
                rows[batch, column] += share
        return rows


def label_columns(id2label: dict[int, str], name: str) -> list[int]:
    """For each of the model's labels, in their order, its place among entailed, neutral, contradicted.

    Raises RecipeError naming the labels when they are not those of an NLI model.
    """
    labels = [str(id2label[i]).lower().replace("-", "_").replace(" ", "_") for i in sorted(id2label)]
    columns = [next((at for word, at in _MEANINGS.items() if label.startswith(word)), None) for label in labels]
    known = [column for column in columns if column is not None]
    if len(known) != len(labels) or len(set(known)) != len(known) or 0 not in known or len(known) < 2:
        raise RecipeError(
            f"{name}: labels {', '.join(labels)} are not those of an NLI model (entailment, neutral, contradiction, or "
            f"entailment and not_entailment): set id2label in its config.json, or use a model trained on NLI"
        )
    return known
