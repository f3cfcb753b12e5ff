"""What a variant of a run is: the same cases, one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from assistant.evaluate.case import TASKS, Case, Task
from assistant.evaluate.log import Sample
from assistant.records import SearchResult
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.evaluate.dataset import Dataset
    from assistant.retrieve.query import Query

CaseChange = Callable[[Case, "Dataset", Path], Case | None]
"""A case, its data set and a folder for files that the change makes, to the changed case; None: nothing to change.

The case keeps its id, group and reference, so that it pairs with itself. Files that are made get absolute paths; the
same case must give the same bytes.
"""

QueryChange = Callable[["Query"], "Query"]
"""What is asked of the archive, uploads as they were read, to what is asked instead; of questions and searches."""

EvidenceChange = Callable[["Query", SearchResult, Settings], SearchResult]
"""What a search of the archive found to what is handed on instead: dropped, planted, in another order.

It sees passages of uploaded texts, but not what an upload itself shows and what was measured on it: that is put in
front afterwards. What is handed on is what the answerer may cite and the verifier looks at.
"""

Reading = Callable[[Sample], Sample]
"""What came of a case, seen as another reader would see it; nothing is asked again."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that is changed, by name.

    `words` say it to a person. `kind` sorts it: an ablation takes a part of the assistant away, a robustness condition
    disturbs what it is given. `settings` are overrides as a suite writes them. Cases of other tasks than `tasks`, those
    for which `applies` is false, and those that `case` gives None for are left out, here and in the comparison. A
    `reading` is taken of the samples before they are marked; `base_reading` of the unchanged run's when the two are
    compared. `reference_only`: no metric that rests on a judge's verdict is reported or compared.
    """

    name: str
    words: str
    kind: Literal["ablation", "robustness"]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tasks: frozenset[Task] = frozenset(TASKS)
    applies: Callable[[Case], bool] | None = None
    case: CaseChange | None = None
    query: QueryChange | None = None
    evidence: EvidenceChange | None = None
    reading: Reading | None = None
    base_reading: Reading | None = None
    reference_only: bool = False

    def takes(self, case: Case) -> bool:
        """Whether the variant has anything to say about a case."""
        return case.task in self.tasks and (self.applies is None or self.applies(case))

    @property
    def asks_otherwise(self) -> bool:
        """Whether the assistant itself has to be another one than `assistant.Assistant`."""
        return self.query is not None or self.evidence is not None
