"""Search by example, measured: ECGs through an index without their diagnoses, chest X-rays with a learned metric.

    WARDROUND_DATA=… python benchmarks/retrieval_likeness.py [ecg] [cxr] [noise] [words] [--workspace DIR]

ecg: LUDB (PhysioNet). Its records are copied without the comments of their headers, which name the rhythm, and indexed
from a recipe without labels; every record is a query by file, its own record left out. P@5 for the same rhythm family
(sinus rhythm, sinus bradycardia, atrial fibrillation or flutter), averaged over the families, and for a common
diagnostic statement against chance. The encoder's weights were chosen with odd-numbered queries; even-numbered ones are
the report. Then the metric learned on the labels, in folds of records.

cxr: NIH thumbnails, P@10 among other patients for normal/abnormal, a shared finding (abnormal queries) and the view:
pixels, the encoder, and the metric learned on finding and view. In each of ten folds by patient the metric is chosen,
validated and fitted on the other patients alone; the neighbours are records of all other patients, as in use. Its two
constants were chosen on patients with even numbers; odd ones are the report.

noise: how often a metric is taken for labels that were dealt at random to the patients of the NIH thumbnails.

words: LUDB with its comments as texts, no labels: an ECG and words beside it ("like this one, but with …"). Queries
are the records of which the words are not true; the share of five results of which they are, without and with them.

Intervals are 95 %: of queries drawn again within their family (ecg), of patients drawn again (cxr). With --workspace
the indexes are kept there, and another run encodes nothing again.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from assistant.assistant import Assistant
from assistant.embed.heads import Examples, fit_head, patient_folds
from assistant.store.index import OpenIndex

DATA = Path(os.environ.get("WARDROUND_DATA", ""))
FAMILIES = {
    "Sinus rhythm": "sinus",
    "Sinus bradycardia": "bradycardia",
    "Atrial fibrillation": "fibrillation or flutter",
    "Atrial flutter, typical": "fibrillation or flutter",
}
WISHES = {
    "like this one, but with atrial fibrillation": "atrial fibrillation",
    "similar, with left ventricular hypertrophy": "left ventricular hypertrophy",
    "similar, without left ventricular hypertrophy": "left ventricular hypertrophy",
    "the same without atrial fibrillation": "atrial fibrillation",
}
FOLDS, DRAWS, DEALT = 10, 2_000, 20

Floats = NDArray[np.floating[Any]]
Groups = Mapping[str, Sequence[frozenset[str]]]


def interval(draws: Floats, *, signed: bool = False) -> str:
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return f"({low:+.3f} to {high:+.3f})" if signed else f"({low:.3f}–{high:.3f})"


def in_folds(vectors: Floats, patients: Sequence[str], groups: Groups) -> tuple[Floats, list[str]]:
    """Likeness of each record to all by a metric that never saw its patient (n, n), and how each fold came out: where
    the product would not take the metric, the encoder's own cosines stand."""
    likeness = (vectors @ vectors.T).astype(np.float64)
    told = []
    for held in patient_folds(np.asarray(patients), FOLDS):
        rows = np.flatnonzero(~held)
        of_rows = {name: [carried[n] for n in rows] for name, carried in groups.items()}
        fitted = fit_head(Examples([patients[n] for n in rows], of_rows, lambda some, rows=rows: vectors[rows[some]]))
        told.append(fitted.report["why"])
        if fitted.head is not None:
            mapped = fitted.head.apply(vectors.astype(np.float32))
            likeness[held] = mapped[held] @ mapped.T
    return likeness, told


# --- ECGs ------------------------------------------------------------------------------------------------


def ecg(workspace: Path) -> None:
    source = DATA / "ludb_ecg"
    with (source / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["record"] for row in rows]
    index = undiagnosed(source, names, workspace)
    families = np.array([FAMILIES.get(row["rhythm"], f"other ({row['rhythm']})") for row in rows])
    said = [frozenset(s.strip() for s in row["statements"].split("|") if s.strip()) for row in rows]
    groups = {
        "rhythm": [frozenset({row["rhythm"]}) for row in rows], "axis": [frozenset({row["axis"]}) for row in rows],
        "statements": said,
    }  # fmt: skip
    print(
        "ECGs: | way | queries | same rhythm family, mean | by family | a common statement | chance | gain on chance |"
    )
    top = searched(workspace, names)
    report_ecg("index and search", top, names, families, said)
    vectors = vectors_of(index, names, "signal")
    likeness, told = in_folds(vectors, names, groups)
    np.fill_diagonal(likeness, -np.inf)
    report_ecg("metric on labels, in folds", np.argsort(-likeness, axis=1)[:, :5], names, families, said)
    print("each fold:", "; ".join(told))


def undiagnosed(source: Path, names: Sequence[str], workspace: Path) -> OpenIndex:
    """An index of the records without the comments of their headers and without labels."""
    copies = workspace / "ludb_undiagnosed"
    copies.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / "data" / f"{name}.dat", copies / f"{name}.dat")
        lines = (source / "data" / f"{name}.hea").read_text(encoding="utf-8").splitlines()
        (copies / f"{name}.hea").write_text("\n".join(ln for ln in lines if not ln.startswith("#")) + "\n")
    (copies / "records.csv").write_text("\n".join(["record", *names]) + "\n")
    recipe = workspace / "indexes" / "ludb_undiagnosed.toml"
    recipe.parent.mkdir(exist_ok=True)
    recipe.write_text(
        f'[[source]]\npath = "{copies}"\nmanifest = "records.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "record"\npath = "{record}.hea"\npatient_id = "record"\nstudy_id = "record"\n'
    )
    Assistant.build(recipe, workspace=workspace)
    index = OpenIndex(workspace, "ludb_undiagnosed")
    assert index.totals() == {"signal": len(names)}, "there must be no text that names a diagnosis"
    assert index.learned("signal") is None
    return index


def searched(workspace: Path, names: Sequence[str]) -> NDArray[np.intp]:
    """The five nearest of each record by searching with its file, its own record left out."""
    assistant = Assistant(workspace, ["ludb_undiagnosed"])
    files = [workspace / "ludb_undiagnosed" / f"{name}.hea" for name in names]
    queries = [replace(assistant.query(files=[f], k=5, kinds=["signal"]), leave_out_own=True) for f in files]
    position = {name: n for n, name in enumerate(names)}
    found = [[position[str(e.external_id)] for e in r.evidence] for r in assistant.search_batch(queries)]
    assert all(len(row) == 5 and n not in row for n, row in enumerate(found))
    return np.array(found)


def report_ecg(
    title: str, top: NDArray[np.intp], names: Sequence[str], families: NDArray[np.str_], said: Sequence[frozenset[str]]
) -> None:
    hits = (families[top] == families[:, None]).mean(axis=1)
    alike = np.array([[bool(a & b) for b in said] for a in said])
    shares = np.take_along_axis(alike, top, axis=1).mean(axis=1)
    chance = (alike.sum(axis=1) - alike.diagonal()) / (len(said) - 1)
    even = np.array([int(name) % 2 == 0 for name in names])
    rng = np.random.default_rng(0)
    for queries, chosen in (("even (reported)", even), ("odd (chosen on)", ~even), ("all", even | ~even)):
        members = {name: np.flatnonzero(chosen & (families == name)) for name in sorted(set(FAMILIES.values()))}
        means = {name: hits[rows].mean() for name, rows in members.items()}
        draws = [np.mean([hits[rng.choice(rows, len(rows))].mean() for rows in members.values()]) for _ in range(DRAWS)]
        some = np.flatnonzero(chosen & np.array([bool(s) for s in said]))
        drawn = rng.choice(some, (DRAWS, len(some)))
        each = ", ".join(f"{name} {value:.2f} ({len(members[name])})" for name, value in means.items())
        print(
            f"| {title} | {queries} | {np.mean(list(means.values())):.3f} {interval(np.array(draws))} | {each} | "
            f"{shares[some].mean():.3f} {interval(shares[drawn].mean(axis=1))} | {chance[some].mean():.3f} | "
            f"{(shares - chance)[some].mean():+.3f} {interval((shares - chance)[drawn].mean(axis=1), signed=True)} |"
        )


def words(workspace: Path) -> None:
    with (DATA / "ludb_ecg" / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["record"]: f"{row['rhythm']} | {row['statements']}".lower() for row in csv.DictReader(file)}
    recipe = workspace / "indexes" / "ludb_texts.toml"
    recipe.parent.mkdir(parents=True, exist_ok=True)
    told = (Path(__file__).parent / "recipes" / "ludb_ecg.toml").read_text(encoding="utf-8")
    recipe.write_text(told.partition("[source.labels]")[0].replace('name = "ludb_ecg"', ""))
    Assistant.build(recipe, workspace=workspace)
    assistant = Assistant(workspace, ["ludb_texts"])
    print("Words beside an ECG: | words | queries | true of the results without the words | with them |")
    for text, finding in WISHES.items():
        wanted = "without" not in text
        asked = [name for name, said in rows.items() if (finding in said) != wanted]
        shares = []
        for wish in ("", text):
            files = [DATA / "ludb_ecg" / "data" / f"{name}.hea" for name in asked]
            queries = [assistant.query(wish, files=[f], k=5, kinds=["signal"]) for f in files]
            found = assistant.search_batch([replace(query, leave_out_own=True) for query in queries])
            hits = [
                [(finding in rows[str(e.external_id)]) == wanted for e in r.evidence if e.external_id] for r in found
            ]
            shares.append(np.array([np.mean(of_query) for of_query in hits]))
        drawn = np.random.default_rng(0).integers(len(asked), size=(DRAWS, len(asked)))
        cells = [f"{share.mean():.2f} {interval(share[drawn].mean(axis=1))}" for share in shares]
        print(f"| {text} | {len(asked)} | {' | '.join(cells)} |", flush=True)


# --- chest X-rays ----------------------------------------------------------------------------------------


def thumbnails(workspace: Path) -> tuple[list[dict[str, str]], NDArray[np.float32]]:
    """The rows of the NIH thumbnails and their vectors, in the same order."""
    recipe = workspace / "indexes" / "nih_cxr64.toml"
    recipe.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).parent / "recipes" / "nih_cxr64.toml", recipe)
    Assistant.build(recipe, workspace=workspace)
    folder = DATA / "nih_cxr64"
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return rows, vectors_of(OpenIndex(workspace, "nih_cxr64"), [row["filename"] for row in rows], "image")


def noise(workspace: Path) -> None:
    rows, vectors = thumbnails(workspace)
    patients = [row["patient_id"] for row in rows]
    taken = 0
    for draw in range(DEALT):
        random = np.random.default_rng(draw)
        dealt = {patient: frozenset({str(random.choice(["a", "b", "c"]))}) for patient in sorted(set(patients))}
        found = fit_head(Examples(patients, {"dealt": [dealt[p] for p in patients]}, lambda some: vectors[some]))
        taken += found.head is not None
    print(f"labels dealt at random: a metric was taken in {taken} of {DEALT} draws")


def cxr(workspace: Path) -> None:
    rows, vectors = thumbnails(workspace)
    patients = [row["patient_id"] for row in rows]
    carried = [frozenset(row["finding_labels"].split("|")) for row in rows]
    groups: Groups = {"finding": carried, "view": [frozenset({row["view"]}) for row in rows]}
    ways = {"pixels, 32 × 32": pixels(DATA / "nih_cxr64", rows), "encoder": (vectors @ vectors.T).astype(np.float64)}
    ways["metric on labels, in folds"], told = in_folds(vectors, patients, groups)
    everyone = fit_head(Examples(patients, groups, lambda some: vectors[some]))
    if everyone.head is not None:
        mapped = everyone.head.apply(vectors)
        ways["the same, on patients it was fitted on (misleading)"] = (mapped @ mapped.T).astype(np.float64)
    hits = {way: precision(likeness, rows, carried) for way, likeness in ways.items()}
    odd = np.array([int(p) % 2 == 1 for p in patients])
    print("X-rays: | way | patients | normal/abnormal | shared finding | view | most often a neighbour |")
    for half, chosen in (("odd (reported)", odd), ("even (chosen on)", ~odd), ("all", odd | ~odd)):
        for way, found in hits.items():
            told_of = [f"{np.nanmean(h[chosen]):.3f} {clustered(h, patients, chosen)}" for h, _ in found]
            print(f"| {way} | {half} | {' | '.join(told_of)} | {np.bincount(found[0][1].ravel()).max()} |")
        gained = [a - b for (a, _), (b, _) in zip(hits["metric on labels, in folds"], hits["encoder"], strict=True)]
        told_of = [f"{np.nanmean(h[chosen]):+.3f} {clustered(h, patients, chosen, signed=True)}" for h in gained]
        print(f"| gain of the metric | {half} | {' | '.join(told_of)} | |")
    print("each fold:", "; ".join(told))
    print("fitted on all:", {k: v for k, v in everyone.report.items() if k != "chosen_in_folds"})


def pixels(folder: Path, rows: Sequence[Mapping[str, str]]) -> Floats:
    """Correlation of the pictures at 32 × 32."""
    small = [Picture.open(folder / "images" / row["filename"]).convert("L").resize((32, 32)) for row in rows]
    flat = np.stack([np.asarray(picture, np.float64).ravel() for picture in small])
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat @ flat.T)


def precision(
    likeness: Floats, rows: Sequence[Mapping[str, str]], carried: Sequence[frozenset[str]]
) -> list[tuple[Floats, NDArray[np.intp]]]:
    """P@10 of each query among other patients for the three relations, NaN where none is asked, and its neighbours."""
    patients = np.array([row["patient_id"] for row in rows])
    view = np.array([row["view"] for row in rows])
    findings = [c - {"No Finding"} for c in carried]
    ill = np.array([bool(f) for f in findings])
    shared = np.array([[bool(a & b) for b in findings] for a in findings])
    ranked = np.where(patients[:, None] == patients[None, :], -np.inf, likeness)
    top = np.argsort(-ranked, axis=1)[:, :10]
    relations = (ill[:, None] == ill[None, :], shared, view[:, None] == view[None, :])
    asked = (np.ones(len(ill), bool), ill, np.ones(len(ill), bool))
    return [
        (np.where(who, np.take_along_axis(alike, top, axis=1).mean(axis=1), np.nan), top)
        for alike, who in zip(relations, asked, strict=True)
    ]


def clustered(hits: Floats, patients: Sequence[str], chosen: NDArray[np.bool_], *, signed: bool = False) -> str:
    """The interval of a mean over queries, patients drawn again."""
    use = chosen & np.isfinite(hits)
    _, patient = np.unique(np.asarray(patients)[use], return_inverse=True)
    total, count = np.bincount(patient, hits[use]), np.bincount(patient)
    drawn = np.random.default_rng(0).integers(len(count), size=(DRAWS, len(count)))
    return interval(total[drawn].sum(axis=1) / count[drawn].sum(axis=1), signed=signed)


def vectors_of(index: OpenIndex, names: Sequence[str], kind: Any) -> NDArray[np.float32]:
    """The stored vectors of the records with these external ids, in their order."""
    vectors = index.vectors(kind)
    assert vectors is not None
    key = {stored.record.external_id: pk for pk, stored in index.records(int(k) for k in vectors.ids).items()}
    return vectors.vectors([key[name] for name in names])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="ecg|cxr|noise|words")
    parser.add_argument("--workspace", type=Path)
    asked = parser.parse_args()
    if not (DATA / "ludb_ecg").is_dir():
        sys.exit("set WARDROUND_DATA to the folder that holds ludb_ecg and nih_cxr64")
    with tempfile.TemporaryDirectory() as temporary:
        for part in asked.parts or ["ecg", "cxr", "noise", "words"]:
            {"ecg": ecg, "cxr": cxr, "noise": noise, "words": words}[part](asked.workspace or Path(temporary))


if __name__ == "__main__":
    main()
