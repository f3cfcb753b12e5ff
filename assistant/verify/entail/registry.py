"""The one front door to entailment models: `open_entailment("nli:<folder>", settings)`.

    none                        rules alone
    trained:<file.onnx>         a small cross-encoder as `benchmarks/entailment_train.py` makes it; without torch
    nli:<name or folder>        a Hugging Face model that was trained on NLI (extra `models`)
    minicheck:<name or folder>  MiniCheck (Tang, Laban and Durrett 2024, EMNLP): supported or not (extra `models`)
    served                      the language model that answers (`llm.base_url`, or the workspace's own), as a judge
    auto                        none, as long as none is packaged

Nothing is imported before it is asked for. A new model is a new file and a line in `ENTRIES`.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from assistant.errors import RecipeError
from assistant.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AUTO: str | None = None  # what "auto" opens


class EntailmentModel(Protocol):
    """How a text bears on a claim.

    `fingerprint` is a short hex that changes whenever the judgements of the same pairs would.
    """

    name: str
    fingerprint: str

    def judge(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Probabilities for (claim, evidence) pairs, in their order.

        Returns float32 (len(pairs), 3): entailed, neutral, contradicted; each row sums to 1. A pair's row does not
        depend on the pairs beside it. Empty evidence is neutral. Evidence beyond the model's window is read in parts.
        """
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a model's class is: a module of this room. A `family` takes (model, settings), the others (settings,
    workspace)."""

    name: str
    module: str
    class_name: str
    family: bool = False


ENTRIES: tuple[Entry, ...] = (
    Entry("trained", "trained", "TrainedModel", family=True),
    Entry("nli", "hugging_face", "NliModel", family=True),
    Entry("minicheck", "minicheck", "MiniCheckModel", family=True),
    Entry("served", "served", "ServedJudge"),
)

_opened: dict[tuple[str, str, str], EntailmentModel] = {}
_opening = threading.Lock()


def open_entailment(name: str, settings: Settings, workspace: Path | None = None) -> EntailmentModel | None:
    """The entailment model of that name, opened once a process for each name and settings; None for "none".

    Safe to share among threads.

    Args:
        name: as in this module's list; the setting `verify.entailment`.
        settings: `embed.threads` and `embed.fetch_weights` for models that run here, `llm` for the served one.
        workspace: whose prompts and, where `llm.base_url` names none, whose running server the served one takes.

    Raises:
        RecipeError: no such model; the message lists those there are.
        MissingExtra: the library behind a family is not installed.
        WeightsMissing: the model is neither in a folder nor in the cache, and could not be fetched.
        WardroundError: "served" without `llm.base_url` and without a workspace.
    """
    name = AUTO or "none" if name == "auto" else name
    if name == "none":
        return None
    family, colon, model = name.partition(":")
    entry = next((e for e in ENTRIES if e.name == family and e.family == bool(colon and model)), None)
    if entry is None:
        known = ", ".join(f"{e.name}:<name or folder>" if e.family else e.name for e in ENTRIES)
        raise RecipeError(f"no entailment model named {name!r} (option verify.entailment): use auto, none, {known}")
    key = (name, settings.model_dump_json(include={"embed", "llm"}), str(workspace or ""))
    with _opening:
        if key not in _opened:
            model_class: Any = getattr(
                importlib.import_module(f"assistant.verify.entail.{entry.module}"), entry.class_name
            )
            opened = model_class(model, settings) if entry.family else model_class(settings, workspace)
            _opened[key] = cast(EntailmentModel, opened)
        return _opened[key]
