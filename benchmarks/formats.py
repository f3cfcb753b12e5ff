"""What came of real files of every format: writes docs/formats.md.

    WARDROUND_DATA=/path/to/data python benchmarks/formats.py

Reads the test files that the pydicom and nibabel packages carry (wfdb's carries none) and, where WARDROUND_DATA names
them, files and whole archives of public data. Each gives records or a reason. Stored pixel values are compared with
pydicom's own handlers, samples with the wfdb package, to the last bit.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content, load
from assistant.ingest.formats import format_of, is_sidecar, read_content
from assistant.ingest.items import iter_items, read_item
from assistant.ingest.quiet import quiet
from assistant.ingest.recipe import Recipe, Source
from assistant.records import Record
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
PAGE = Path(__file__).parent.parent / "docs" / "formats.md"

LISTED = {  # folder below WARDROUND_DATA → what it is; each file has a row
    "dicom": "DICOM files of the pydicom-data collection",
    "ecg_formats": "ECGs of the ECG Toolkit and of sierra-ecg-tools",
    "ecg_paper_images": "Photographs and scans of paper ECGs",
    "wfdb_samples": "Sample records of the WFDB Python package (PhysioNet)",
    "medical_pdf": "Open-access articles as PDF",
}
WHOLE = {  # folder → what it is; counted by format and outcome
    "nih_cxr64": "NIH ChestX-ray14, a sample at 64 × 64",
    "covid_chestxray": "COVID-19 image data collection, a sample",
    "ludb_ecg": "LUDB: 12-lead ECGs with marks (PhysioNet)",
    "challenge2021_ecg": "PhysioNet/CinC Challenge 2021, a sample",
    "iu_xray_reports": "Indiana University chest X-ray reports (Open-i)",
    "bioasq_retrieval": "BioASQ passages", "liveqa_medquad_retrieval": "LiveQA and MedQuAD passages",
    "medquad": "MedQuAD", "pubmedqa": "PubMedQA", "mts_dialog": "MTS-Dialog", "medec": "MEDEC", "kqa": "K-QA",
    "medhallu": "MedHallu", "medical_mcq": "MedMCQA and MMLU", "faithbench": "FaithBench", "radfact_nli": "RadFact",
}  # fmt: skip

HEAD = """# Formats, file by file

What came of real files, made by `WARDROUND_DATA=… python benchmarks/formats.py`: the test files that the pydicom and
nibabel packages carry (wfdb's package carries none), and public data. Every file gives records or a reason. “Equal”
means that stored pixel values are those of pydicom's own handlers, or samples those of the wfdb package, to the last
bit; “–” that there is nothing to compare.

"""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one file."""

    name: str
    format: str
    variant: str
    outcome: str
    equal: str


def main() -> None:
    sections = [
        ("Test files of pydicom", list(_rows(_pydicom_files()))),
        ("Test files of nibabel", list(_rows(_nibabel_files()))),
    ]
    data = Path(os.environ["WARDROUND_DATA"]) if os.environ.get("WARDROUND_DATA") else None
    for folder, title in LISTED.items() if data else ():
        assert data is not None
        files = [(p.name, p) for p in sorted((data / folder).rglob("*")) if p.is_file() and not _is_note(p)]
        sections.append((title, list(_rows(files))))
    text = HEAD + _summary([row for _, rows in sections for row in rows])
    if data:
        text += "\n## Whole archives\n\n| archive | files or members | read | records | set aside |\n"
        text += "| --- | ---: | ---: | --- | --- |\n"
        text += "".join(_archive(data / folder, title) for folder, title in WHOLE.items())
    for title, rows in sections:
        text += f"\n## {title}\n\n| file | format | variant | outcome | values |\n| --- | --- | --- | --- | --- |\n"
        text += "".join(
            f"| {' | '.join(_cell(part) for part in (r.name, r.format, r.variant, r.outcome, r.equal))} |\n"
            for r in rows
        )
    PAGE.write_text(text, encoding="utf-8")
    unequal = [row for _, rows in sections for row in rows if row.equal.startswith("NOT")]
    print(
        f"{PAGE}: {sum(len(rows) for _, rows in sections)} files; not equal: {[row.name for row in unequal] or 'none'}"
    )


def _summary(rows: list[Row]) -> str:
    counted = Counter((row.format, row.outcome.startswith("set aside")) for row in rows)
    formats = sorted({name for name, _ in counted})
    lines = "".join(f"| {name} | {counted[name, False]} | {counted[name, True]} |\n" for name in formats)
    equal = Counter(row.equal for row in rows)
    compared = f"{equal['equal']} of {sum(n for words, n in equal.items() if words != '–')} compared files are equal."
    return f"| format | read | set aside with a reason |\n| --- | ---: | ---: |\n{lines}\n{compared}\n"


def _pydicom_files() -> list[tuple[str, Path]]:
    import pydicom

    root = Path(pydicom.__file__).parent / "data"
    folders = [root / "test_files", root / "charset_files"]
    return [
        (str(p.relative_to(root)), p)
        for folder in folders
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".py"
    ]


def _nibabel_files() -> list[tuple[str, Path]]:
    import nibabel

    root = Path(nibabel.__file__).parent
    files = [p for p in sorted(root.rglob("tests/data/*")) if p.is_file() and p.suffix not in (".py", ".m", ".rst")]
    return [(str(p.relative_to(root)), p) for p in files]


def _is_note(path: Path) -> bool:
    return path.stem.upper().startswith(("README", "LICENSE", "ORIGINAL_README"))


def _rows(files: list[tuple[str, Path]]) -> Iterator[Row]:
    for name, path in files:
        if is_sidecar(path):
            yield Row(name, "wfdb", "", "read with its header", "–")
            continue
        try:
            file = load(path, LIMITS, name)
        except UnreadableFile as error:
            yield Row(name, "–", "", f"set aside: {error.reason}", "–")
            continue
        kind = format_of(file) or "–"
        with quiet():
            variant = _variant(kind, file)
            try:
                records = read_content(file, LIMITS)
            except UnreadableFile as error:
                yield Row(name, kind, variant, f"set aside: {error.reason}", "–")
                continue
            equal = _equal(kind, file, records)
        parts = f"; {len(file.aside)} parts set aside" if file.aside else ""
        yield Row(name, kind, variant, _records(records) + parts, equal)


def _records(records: list[Record]) -> str:
    counted = Counter(f"{record.kind} ({record.modality})" for record in records)
    return ", ".join(f"{n} {what}" if n > 1 else what for what, n in counted.items())


def _variant(kind: str, file: Content) -> str:
    if kind == "dicom":
        from io import BytesIO

        import pydicom

        try:
            dataset = pydicom.dcmread(BytesIO(file.data), force=True, stop_before_pixels=True)
            syntax = dataset.file_meta.get("TransferSyntaxUID")
            what = dataset.get("SOPClassUID")
            return ", ".join(uid.name for uid in (syntax, what) if uid)
        except Exception as error:
            return f"header: {type(error).__name__}"
    if kind == "picture":
        from io import BytesIO

        from PIL import Image

        try:
            with Image.open(BytesIO(file.data)) as picture:
                return f"{picture.format}, {picture.mode}"
        except Exception:
            return ""
    return ""


def _equal(kind: str, file: Content, records: list[Record]) -> str:
    if kind == "wfdb" and file.path is not None:
        return _equal_samples(file.path, records)
    if kind == "dicom" and any(record.kind == "image" for record in records):
        return _equal_pixels(file, records)
    return "–"


def _equal_samples(path: Path, records: list[Record]) -> str:
    import wfdb

    signals = [record.signal for record in records if record.signal is not None]
    if not signals:
        return "–"
    theirs = wfdb.rdrecord(str(path.with_suffix("")), smooth_frames=False)
    for signal in signals:
        for n, lead in enumerate(signal.leads):
            ours = signal.samples[:, n]
            if not any(_same(theirs.e_p_signal[k], ours, theirs.units[k]) for k in range(theirs.n_sig)):
                return f"NOT equal: {lead}"
    return "equal"


def _same(theirs: np.ndarray, ours: np.ndarray, unit: str) -> bool:
    factor = {"uv": 1e-3, "v": 1e3}.get(unit.lower(), 1.0)
    return len(theirs) == len(ours) and bool(np.array_equal((theirs * factor).astype(np.float32), ours, equal_nan=True))


def _equal_pixels(file: Content, records: list[Record]) -> str:
    from io import BytesIO

    from pydicom import dcmread
    from pydicom.pixels import pixel_array

    from assistant.ingest.dicom.decode import stored_values
    from assistant.ingest.dicom.header import read_header

    dataset = dcmread(BytesIO(file.data), force=True)
    frames = [int(record.fields.get("frame", 1)) - 1 for record in records if record.kind == "image"]
    for frame in frames:
        try:
            theirs = pixel_array(dataset, index=frame)
        except Exception as error:
            return f"pydicom can't: {type(error).__name__}: {error}"[:90]
        ours = stored_values(file, read_header(file, LIMITS), frame)
        if not np.array_equal(np.squeeze(theirs), np.squeeze(ours)):
            return f"NOT equal: frame {frame}"
    return "equal"


def _archive(folder: Path, title: str) -> str:
    recipe = Recipe(
        name="archive",
        path=folder / "recipe.toml",
        source=(Source(path=folder, exclude=("*README*", "LICENSE*", "RECORDS")),),
    )
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    done = 0
    for item in iter_items(recipe, LIMITS):
        try:
            with quiet():
                reading = read_item(item, recipe, LIMITS)
        except UnreadableFile as error:
            reasons[error.reason] += 1
            continue
        done += 1
        kinds.update(f"{record.kind} ({record.modality})" for record in reading.records)
        reasons.update(reason for _, reason in reading.aside)
    found = ", ".join(f"{n:,} {kind}" for kind, n in kinds.most_common())
    aside = "; ".join(f"{n} × {_cell(reason)}" if n > 1 else _cell(reason) for reason, n in reasons.most_common(4))
    return f"| {title} | {done + sum(reasons.values()):,} | {done:,} | {found} | {aside or 'none'} |\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")[:200]


if __name__ == "__main__":
    main()
