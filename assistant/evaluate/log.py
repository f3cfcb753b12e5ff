"""The log of a run: one JSON object a line, written as each case is done, from which everything else is computed.

A run that was interrupted keeps its lines; a line cut short by a kill is dropped and its case is done again.
Answers and searches are read back into the types that the assistant gave, so that a run can be scored again
without asking anything again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from assistant.errors import WardroundError
from assistant.records import Answer, Draft, Judgement, SearchResult, stored_answer, stored_draft, stored_search

LOG = "log.jsonl"


@dataclass(frozen=True, slots=True)
class Sample:
    """What the assistant made of one case, by its task, and the seconds it took; or the error.

    `key` is the hash of all that shaped it (`Plan.keys`).
    `search` keeps the best pieces of evidence, `ranked` the external ids of all records found, best first. `choice` is
    the place of what was picked, None where nothing was or the reply could not be parsed (`unparsed`).
    `choice_scores` are those of all choices, where they were scored. `scores` and `observations` are what the case adds
    to the metrics, see `assistant.evaluate.metric`.
    """

    case: str
    key: str = ""
    search: SearchResult | None = None
    ranked: tuple[str, ...] = ()
    answer: Answer | None = None
    draft: Draft | None = None
    judgement: Judgement | None = None
    choice: int | None = None
    choice_scores: tuple[float, ...] = ()
    unparsed: bool = False
    measured: Mapping[str, float] | None = None
    doubts: tuple[str, ...] | None = None
    error: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    observations: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    citations: Mapping[str, str] = field(default_factory=dict)

    def as_logged(self) -> Sample:
        """The sample as a log gives it back: marked so, it has the figures that it will have when marked anew."""
        return Sample.from_json(json.loads(json.dumps(self.rounded().to_json())))

    def rounded(self) -> Sample:
        """The sample with its numbers as the log has them, so that a run read back gives the very same figures."""
        return replace(
            self,
            seconds={name: round(value, 4) for name, value in self.seconds.items()},
            scores={name: (round(top, 6), round(bottom, 6)) for name, (top, bottom) in self.scores.items()},
            observations={
                name: tuple(tuple(round(x, 6) for x in row) for row in rows) for name, rows in self.observations.items()
            },
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "case": self.case,
            "key": self.key,
            "error": self.error,
            "seconds": dict(self.seconds),
            "search": self.search.to_json() if self.search else None,
            "ranked": list(self.ranked),
            "answer": self.answer.to_json() if self.answer else None,
            "draft": self.draft.to_json() if self.draft else None,
            "judgement": asdict(self.judgement) if self.judgement else None,
            "choice": self.choice,
            "choice_scores": list(self.choice_scores),
            "unparsed": self.unparsed,
            "measured": None if self.measured is None else dict(self.measured),
            "doubts": None if self.doubts is None else list(self.doubts),
            "scores": {name: list(pair) for name, pair in self.scores.items()},
            "observations": {name: [list(row) for row in rows] for name, rows in self.observations.items()},
            "citations": dict(self.citations),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sample:
        return cls(
            case=data["case"],
            key=data["key"],
            search=stored_search(data["search"]) if data["search"] else None,
            ranked=tuple(data["ranked"]),
            answer=stored_answer(data["answer"]) if data["answer"] else None,
            draft=stored_draft(data["draft"]) if data["draft"] else None,
            judgement=Judgement(**data["judgement"]) if data["judgement"] else None,
            choice=data["choice"],
            choice_scores=tuple(data["choice_scores"]),
            unparsed=data["unparsed"],
            measured=data["measured"],
            doubts=None if data.get("doubts") is None else tuple(data["doubts"]),
            error=data["error"],
            seconds=data["seconds"],
            scores={name: (pair[0], pair[1]) for name, pair in data["scores"].items()},
            observations={name: tuple(map(tuple, rows)) for name, rows in data["observations"].items()},
            citations=data["citations"],
        )


def read_log(folder: Path) -> dict[str, Sample]:
    """The samples of a run by case id, the last of each; {} if there is no log yet.

    An unfinished last line is left out. WardroundError names a damaged line in the middle.
    """
    path = folder / LOG
    if not path.exists():
        return {}
    samples: dict[str, Sample] = {}
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            sample = Sample.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                break
            raise WardroundError(f"{path}, line {number}: not a line of a run's log ({error}); remove it") from error
        samples[sample.case] = sample
    return samples


class LogWriter:
    """Appends samples, each flushed at once. A line cut short by a kill is first removed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / LOG
        if path.exists() and (written := path.read_bytes()) and not written.endswith(b"\n"):
            path.write_bytes(written[: written.rfind(b"\n") + 1])
        self._file = path.open("a", encoding="utf-8")

    def write(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            self._file.write(json.dumps(sample.to_json(), ensure_ascii=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
