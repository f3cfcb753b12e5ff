"""What is labelled, and can be asked about: pictures, signals and reports with their findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import RecipeError
from assistant.evaluate.case import Case
from assistant.evaluate.dataset import Dataset, load_suite
from assistant.findings.extract import extract_findings
from assistant.records import Finding
from assistant.settings import Settings
from assistant.toml_file import read_toml

NOTHING = frozenset(
    {"", "no finding", "no findings", "normal", "unknown", "todo", "none", "nan", "n/a", "other", "no indexing"}
)
"""Labels that name nothing that could be asked about."""
_TRUE, _FALSE = frozenset({"1", "1.0", "true", "yes", "present"}), frozenset({"0", "0.0", "false", "no", "absent"})
_SEVERAL = re.compile(r"\s*[|;]\s*")


@dataclass(frozen=True, slots=True)
class Subject:
    """One study that can be asked about: its files, or where there are none a report's text.

    `present` and `absent` are findings by name, as its labels say or, of a text, as it states; of a labelled picture
    what is not present is absent. `sides` has the findings that a text states on one side alone. `patient` is the
    archive's own id, left out of every search.
    """

    name: str
    files: tuple[Path, ...]
    text: str
    present: frozenset[str]
    absent: frozenset[str]
    sides: tuple[tuple[str, str], ...] = ()
    patient: str | None = None
    without_comments: bool = False

    @property
    def labelled(self) -> bool:
        """Whether its findings are labels of people, all of them, and not what a text happens to state."""
        return bool(self.files)


def subjects_of(source: Path, workspace: Path, settings: Settings) -> tuple[list[Subject], Dataset | None]:
    """The subjects of a suite, which is given back too, or of an archive's recipe, in a fixed order.

    Files that can't be read are left out. RecipeError where the TOML is neither, or nothing in it is labelled.
    """
    is_recipe = "source" in read_toml(source, "there is no such suite or recipe")
    dataset = None if is_recipe else load_suite(source, workspace)
    found = _of_recipe(source, settings) if dataset is None else _of_suite(dataset)
    subjects = [subject for subject in found if subject.present]
    if not subjects:
        raise RecipeError(
            f"{source}: nothing to make probes of: no case has files with reference.labels or a report, "
            "no record has labels or a text with findings"
        )
    return sorted(subjects, key=lambda subject: subject.name), dataset


def label_names(labels: Iterable[tuple[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    """Findings that labels name as present and as absent; a label is a name with yes or no, or a list of names."""
    present: set[str] = set()
    absent: set[str] = set()
    for name, value in labels:
        lowered = value.strip().casefold()
        if lowered in _TRUE:
            present.add(as_asked(name))
        elif lowered in _FALSE:
            absent.add(as_asked(name))
        else:
            present |= {as_asked(part) for part in _SEVERAL.split(value)}
    return frozenset(present - NOTHING), frozenset(absent - NOTHING)


def as_asked(label: str) -> str:
    """A label as it stands in a question: no underscores, small letters but for abbreviations."""
    words = label.replace("_", " ").split()
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)


def of_text(name: str, text: str, patient: str | None) -> Subject:
    """A report as a subject: what it states as certainly present or absent; said both ways counts as neither."""
    findings = [finding for finding in extract_findings(text) if finding.value is None]
    present = {finding.entity for finding in findings if finding.status == "present"}
    absent = {finding.entity for finding in findings if finding.status == "absent"}
    doubted = (present & absent) | {finding.entity for finding in findings if finding.status == "uncertain"}
    certain = frozenset(present - doubted)
    return Subject(name, (), text, certain, frozenset(absent - doubted), tuple(_one_sided(findings, certain)), patient)


def _one_sided(findings: list[Finding], certain: frozenset[str]) -> Iterator[tuple[str, str]]:
    for entity in sorted(certain):
        sides = {finding.side for finding in findings if finding.entity == entity}
        side = next(iter(sides))
        if len(sides) == 1 and side in ("left", "right"):
            yield entity, side


def _of_suite(dataset: Dataset) -> Iterator[Subject]:
    """One subject for each set of files, and for each report, however many cases ask about it."""
    seen: set[tuple[str, ...]] = set()
    for case in dataset.cases:
        patient = case.exclude_patient or case.patient or case.group
        text = case.reference.report or "\n".join(case.context)
        key = case.files or (text,)
        if key in seen or key == ("",):
            continue
        seen.add(key)
        if case.files and case.reference.labels:
            yield _of_case(case, dataset, patient)
        elif text:
            yield of_text(case.id, text, patient)


def _of_case(case: Case, dataset: Dataset, patient: str | None) -> Subject:
    present, absent = label_names(("", label) for label in case.reference.labels)
    files = tuple(path.resolve() for path in dataset.files_of(case))
    return Subject(case.id, files, "", present, absent, (), patient, case.without_comments)


def _of_recipe(path: Path, settings: Settings) -> Iterator[Subject]:
    from assistant.ingest import load_recipe
    from assistant.ingest.items import iter_items, read_item

    recipe = load_recipe(path)
    for item in iter_items(recipe, settings.ingest):
        if item.problem is not None:
            continue
        records = read_item(item, recipe, settings.ingest).records
        for number, record in enumerate(records):
            name = record.external_id or f"{item.uri}#{number}"
            if record.kind == "text":
                yield of_text(f"{name}-text", record.text, record.patient_id)
            elif item.path is not None and item.path.is_file() and len(records) == 1:
                present, absent = label_names(record.labels.items())
                yield Subject(name, (item.path.resolve(),), "", present, absent, (), record.patient_id)
