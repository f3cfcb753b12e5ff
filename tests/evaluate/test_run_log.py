"""A run's log gives back what was written into it."""

from __future__ import annotations

import json

from assistant.evaluate.log import Sample
from assistant.records import Answer, Claim, Dropped, Evidence, PromptUse, TextPlace


def test_an_answer_is_read_back_as_it_was() -> None:
    evidence = Evidence("k", "r", "text", "DOC", "knowledge", "Rest.", TextPlace(0, 5), 1.0, True, "best")
    claim = Claim("Rest.", "general", "supported", None, ("k",), 0.9, "word for word", ("k", "E9"))
    use = PromptUse(120, (Dropped("turn 2", "the budget"),))
    answer = Answer(
        "q", (claim,), (evidence,), False, "", "model", "answer", ("text",), prompt_use=use, closest=("k",),
        own_knowledge=("Sleep.",),
    )  # fmt: skip
    read = Sample.from_json(json.loads(json.dumps(Sample("case", answer=answer).to_json()))).answer
    assert read == answer
    assert read is not None and read.citation_counts.invented == 1
