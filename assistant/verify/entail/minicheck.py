"""MiniCheck: is a claim supported by a document, or not? "minicheck:<hub name or folder>".

Tang, Laban and Durrett 2024, "MiniCheck: Efficient Fact-Checking of LLMs on Grounding Documents" (EMNLP). Two kinds
of checkpoint: an encoder with two labels (RoBERTa, DeBERTa), and Flan-T5, whose first output token is "1" for
supported. The claim stands behind the document and the end-of-text token, as the models were trained. They tell no
contradiction from silence: that column is 0.
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
from assistant.verify.entail.torch_models import open_config, open_transformers, window

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH = 8
_T5_LABELS = (3, 209)  # token ids that Flan-T5's checkpoint answers with: not supported ("" before "0"), "1"
_T5_WINDOW = 2048
_CHUNKS = {"t5": 500, "roberta": 400, "deberta-v2": 400}  # words or tokens of a document that are read at once


class MiniCheckModel:
    """A MiniCheck checkpoint; which of the two kinds it is stands in its configuration."""

    def __init__(self, model: str, settings: Settings) -> None:
        self.name = f"minicheck:{model}"
        kind = str(open_config("minicheck", model, settings.embed).model_type)
        self._generates = kind == "t5"
        auto_class = "AutoModelForSeq2SeqLM" if self._generates else "AutoModelForSequenceClassification"
        self._tokenizer, self._model, digest = open_transformers(auto_class, "minicheck", model, settings.embed)
        if not self._generates and self._model.config.num_labels != 2:
            raise RecipeError(
                f"{self.name}: {self._model.config.num_labels} labels where MiniCheck has two: use nli:{model}"
            )
        self._window = _T5_WINDOW if self._generates else window(self._tokenizer, self._model, 512)
        self._chunk = min(_CHUNKS.get(kind, 400), self._window * 3 // 4)
        self._one_at_a_time = threading.Lock()  # a tokenizer's padding is state that threads would share
        self.fingerprint = fingerprint(digest, kind, self._window, self._chunk, 1)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """As `EntailmentModel.judge`; the third column is 0."""
        with self._one_at_a_time:
            return judge_in_parts(pairs, lambda _, evidence: in_parts(evidence, self._chunk, self._length), self._judge)

    def _length(self, text: str) -> int:
        if self._generates:
            return len(text.split())
        return len(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _judge(self, pairs: list[tuple[str, str]]) -> NDArray[np.float32]:
        import torch

        lead = "predict: " if self._generates else ""
        rows = np.zeros((len(pairs), 3), np.float32)
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][1]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            tokens: Any = self._tokenizer(
                [f"{lead}{pairs[i][1]}{self._tokenizer.eos_token}{pairs[i][0]}" for i in batch],
                truncation=True,
                max_length=self._window,
                padding=True,
                return_tensors="pt",
            ).to(self._model.device)
            with torch.inference_mode():
                if self._generates:
                    first = torch.zeros((len(batch), 1), dtype=torch.long, device=self._model.device)
                    logits = self._model(**tokens, decoder_input_ids=first).logits[:, 0, list(_T5_LABELS)]
                else:
                    logits = self._model(**tokens).logits
            rows[batch, 0] = logits.float().softmax(-1)[:, 1].cpu().numpy()
        rows[:, 1] = 1 - rows[:, 0]
        return rows
