"""What a solver may use, and what an evaluation needs of `assistant.Assistant`.

Anything that answers like it can be evaluated.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from assistant.evaluate.case import Case, Task
from assistant.evaluate.dataset import Dataset
from assistant.evaluate.log import Sample
from assistant.records import Answer, Draft, SearchResult
from assistant.settings import Settings
from assistant.studies import StudyRequest

if TYPE_CHECKING:
    from assistant.verify import Verifier
    from assistant.verify.entail import EntailmentModel

ARCHIVE_TASKS: frozenset[Task] = frozenset({"ask", "search", "choose", "draft"})
"""Tasks that need an index; the others look at nothing but the case."""


class Assistant(Protocol):
    def search(
        self,
        text: str = "",
        *,
        files: Sequence[Path] = (),
        k: int = 10,
        patient: str | None = None,
        exclude_patient: str | None = None,
    ) -> SearchResult: ...

    def ask(
        self,
        question: str,
        *,
        files: Sequence[Path] = (),
        patient: str | None = None,
        exclude_patient: str | None = None,
    ) -> Answer: ...

    def draft(
        self,
        studies: Sequence[StudyRequest],
        *,
        template: str | None = None,
        exclude_patient: str | None = None,
        on_problem: Callable[[str, str], None] | None = None,
    ) -> Iterator[Draft]: ...


OpenAssistant = Callable[[str | None], Assistant]
"""Gives the assistant for an index name (None: every index that is built)."""


class Means:
    """The data set, the settings of the run, and one assistant per index, opened when first asked."""

    def __init__(
        self, dataset: Dataset, settings: Settings, opener: OpenAssistant, index_of: Mapping[str, str | None]
    ) -> None:
        """`index_of` says for each case that needs one which index it asks."""
        self.dataset, self.settings = dataset, settings
        self._opener, self._index_of = opener, index_of
        self._opened: dict[str | None, Assistant] = {}
        self._given = TemporaryDirectory(prefix="wardround-eval-")  # removed with this object

    def assistant(self, case: Case) -> Assistant:
        index = self._index_of[case.id]
        if index not in self._opened:
            self._opened[index] = self._opener(index)
        return self._opened[index]

    def uploads(self, case: Case) -> tuple[Path, ...]:
        """The files of a case and its context, each text a file of its own; RecipeError if a file is not there."""
        folder = Path(self._given.name) / hashlib.sha256(case.id.encode()).hexdigest()[:16]
        folder.mkdir(exist_ok=True)
        files = self.dataset.files_of(case)
        if case.without_comments:
            files = tuple(_without_comments(path, folder) if path.suffix == ".hea" else path for path in files)
        texts = tuple(folder / f"given-{number}.txt" for number, _ in enumerate(case.context, start=1))
        for path, text in zip(texts, case.context, strict=True):
            if not path.exists():
                path.write_text(text, encoding="utf-8")
        return (*files, *texts)

    @cached_property
    def entailment(self) -> EntailmentModel | None:
        """The entailment model that the settings name, if any."""
        from assistant.verify.entail import open_entailment

        return open_entailment(self.settings.verify.entailment, self.settings)

    @cached_property
    def verifier(self) -> Verifier:
        """The verifier of an answer's sentences, which marks what is not supported and removes nothing."""
        from assistant.verify import Verifier

        return Verifier(self.settings.verify.model_copy(update={"unsupported": "mark"}), self.entailment)


def _without_comments(header: Path, folder: Path) -> Path:
    """A copy of a WFDB record in the folder, its header without the lines of comment."""
    copied = folder / header.name
    if not copied.exists():
        for beside in header.parent.glob(f"{header.stem}.*"):
            if beside != header:
                shutil.copyfile(beside, folder / beside.name)
        lines = header.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        copied.write_text("".join(line for line in lines if not line.startswith("#")), encoding="utf-8")
    return copied


Solver = Callable[[Case, Means, Sample], Sample]
"""Fills an empty sample with what became of the case."""
