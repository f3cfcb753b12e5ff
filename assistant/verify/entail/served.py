"""A served language model as judge, the one that writes answers, asked about one pair at a time.

Its reply is one word, strictly read: anything else is no judgement and counts as neutral. It says no probability, so
rows are 0 or 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.embed.registry import fingerprint
from assistant.errors import WardroundError
from assistant.generate.fence import fenced
from assistant.generate.prompts import load_prompt
from assistant.generate.which_server import WhichServer
from assistant.settings import Settings
from assistant.verify.entail.parts import NEUTRAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REPLY_TOKENS = 8
_AT_ONCE = 4  # requests; vLLM batches them
_ROWS = {"SUPPORTED": (1.0, 0.0, 0.0), "NEITHER": NEUTRAL, "CONTRADICTED": (0.0, 0.0, 1.0)}
_WORD = re.compile(r"\W*(SUPPORTED|NEITHER|CONTRADICTED)\W*", re.IGNORECASE)


class ServedJudge:
    """Judges by prompt `judge`, at `llm.base_url` or, where none is named, at the server that runs for `workspace`.

    Raises WardroundError at once where neither is named.
    """

    name = "served"

    def __init__(self, settings: Settings, workspace: Path | None = None) -> None:
        llm = settings.llm
        if not llm.base_url and workspace is None:
            raise WardroundError(
                'verify.entailment is "served" but llm.base_url is not set: '
                "e.g. WARDROUND_LLM__BASE_URL=http://127.0.0.1:8000/v1"
            )
        self._prompt = load_prompt("judge", workspace / "prompts" if workspace else None)
        self._chars = 4 * llm.context_tokens
        short = llm.model_copy(update={"max_tokens": _REPLY_TOKENS, "temperature": 0.0})
        # asked while an answer is still being read
        self._server = WhichServer(short, llm.base_url, workspace, lane="judge")

    @property
    def fingerprint(self) -> str:
        """Of the prompt, the address and the model's name there: its weights are the server's business."""
        server = self._server.now
        return fingerprint(self._prompt.id, server.base_url, server.model, self._chars)

    def judge(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """As `EntailmentModel.judge`; evidence is cut at four characters for each of `llm.context_tokens`.

        Raises ModelUnavailable.
        """
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="judge") as pool:
            rows = list(pool.map(self._judge, pairs))
        return np.array(rows, np.float32).reshape(-1, 3)

    def _judge(self, pair: tuple[str, str]) -> tuple[float, float, float]:
        claim, evidence = pair
        if not claim.strip() or not evidence.strip():
            return NEUTRAL
        system, user = self._prompt.messages(
            claim=fenced("claim", 'kind="claim"', claim[: self._chars]),
            evidence=fenced("text", 'kind="text"', evidence[: self._chars]),
        )
        said = _WORD.fullmatch("".join(self._server.now.stream(system, user)))
        return _ROWS[said[1].upper()] if said else NEUTRAL
