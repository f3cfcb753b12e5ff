"""Uploaded documents asked with `quote`: right answers, right abstentions, follow-ups; and texts by others beside them.

    WARDROUND_DATA=… python benchmarks/documents.py [--misses | --sweep]

documents.toml holds ten documents (letters, guidelines, articles, reports, a leaflet, notes), questions that they
answer and do not, and follow-ups, all by one hand and written before the code that reads them was looked at. Five
documents were in view while it was made ("dev"), five were not ("rep"). An answer is right when it holds one of the
strings that are named, an abstention when nothing is answered; a follow-up when its reading holds the words that it
must and none that it must not, and its answer when it is right as well. How often a complete question is taken for a
follow-up: every two questions on a document, one put after the other. The workspace holds nothing.

With WARDROUND_DATA also texts by others, a question beside its own and beside one that is not on it: questions of
PubMedQA and their abstracts (the other: the nearest to the question by meaning of the other abstracts), and of MedQuAD
(the other: an answer on the same disease to another sort of question, which may answer, too). "lines": how often
`retrieve/within.py` finds a line; "quote": how often `quote` answers from the passages that retrieval keeps (every
fifth question of PubMedQA, the first hundred diseases of MedQuAD).

`--misses` lists what is wrong of the half that was in view. `--sweep` counts what the lines alone get right for other
values of COVERED and of the weights in retrieve/within.py, on that half and PubMedQA's even-numbered questions only. To
measure another version of the program, put its folder on PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, SimpleDocTemplate, Spacer

from assistant import Assistant
from assistant.generate import Task, open_answerer
from assistant.ingest.text.plain import text_record
from assistant.records import Record
from assistant.retrieve.own import own_passages, text_encoder
from assistant.retrieve.query import Query, Upload
from assistant.settings import IngestSettings, LlmSettings, Settings

WRITTEN = Path(__file__).with_name("documents.toml")
HALVES = ("dev", "rep")
Pair = tuple[int, str, str, str]  # number, question, its own text, another one


def written() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The documents and the dialogs; a part of a document is a heading and its paragraphs."""
    read = tomllib.loads(WRITTEN.read_text(encoding="utf-8"))
    return read["document"], read["dialog"]


def made(document: dict[str, Any], folder: Path) -> Path:
    """The file of a document, as its layout says."""
    path = folder / document["file"]
    if document["layout"] == "text":
        path.write_text(document["text"], encoding="utf-8")
        return path
    styles = getSampleStyleSheet()
    plain, inline = styles["Normal"], document["layout"] == "inline"
    in_columns = document["layout"] == "columns"
    small = ParagraphStyle("small", parent=plain, fontSize=9, leading=11, alignment=4)
    flow: list[Any] = [Paragraph(document["title"], styles["Heading2" if inline or in_columns else "Title"])]
    for heading, *paragraphs in document["parts"]:
        if inline:
            paragraphs = [f"<b>{heading}:</b> {paragraphs[0]}", *paragraphs[1:]]
        elif heading:
            flow.append(Paragraph(heading, styles["Heading3"]))
        for paragraph in paragraphs:
            flow += [Paragraph(paragraph, small if in_columns else plain), Spacer(1, 6 if inline else 4)]
    if not in_columns:
        SimpleDocTemplate(str(path), pagesize=A4).build(flow)
        return path
    width, height = A4
    frames = [Frame(left, 50, (width - 120) / 2, height - 100) for left in (50, 60 + (width - 100) / 2)]
    pages = BaseDocTemplate(str(path), pagesize=A4)
    pages.addPageTemplates(PageTemplate(frames=frames))
    pages.build(flow)
    return path


def holds_one(text: str, holds: Sequence[str]) -> bool:
    return any(wanted.lower() in " ".join(text.split()).lower() for wanted in holds)


def right(answer: Any, holds: Sequence[str]) -> bool:
    """Whether an answer is right; without strings to hold, whether there is none."""
    return (not answer.abstained and holds_one(answer.text, holds)) if holds else bool(answer.abstained)


def rightly_read(read: str, dialog: dict[str, Any]) -> bool:
    def said(words: str) -> bool:
        return any(re.search(r"\b" + re.escape(word), read, re.IGNORECASE) for word in words.split("|"))

    return all(map(said, dialog["reads"])) and not any(
        word.lower() in read.lower() for word in dialog.get("reads_not", ())
    )


def asked(assistant: Assistant, files: dict[str, Path], misses: bool) -> None:
    """Prints the table of answers, abstentions and follow-ups."""
    documents, dialogs = written()
    half = {document["file"]: document["half"] for document in documents}
    good: Counter[tuple[str, str]] = Counter()
    all_: Counter[tuple[str, str]] = Counter()

    def note(file: str, what: str, ok: bool, told: str) -> None:
        all_[half[file], what] += 1
        good[half[file], what] += ok
        if misses and not ok and half[file] == "dev":
            print(f"{what}: {file}: {told}")

    for document in documents:
        file = document["file"]
        for question in document["answered"]:
            answer = assistant.ask(question["asked"], files=[files[file]])
            note(file, "answered", right(answer, question["holds"]), f"{question['asked']} -> {answer.text[:200]}")
        for text in document["unanswered"]:
            answer = assistant.ask(text, files=[files[file]])
            note(file, "abstained", right(answer, ()), f"{text} -> {answer.text[:200]}")
    for dialog in dialogs:
        file = dialog["file"]
        talk = assistant.converse(files=[files[file]])
        talk.ask(dialog["first"])
        answer = talk.ask(dialog["then"])
        read = answer.standalone or answer.question
        ok = rightly_read(read, dialog)
        told = f"{dialog['first']} / {dialog['then']} -> {read} -> {answer.text[:200]}"
        note(file, "follow-up read", ok, told)
        note(file, "follow-up answered", ok and ("holds" not in dialog or right(answer, dialog["holds"])), told)
    columns = list(dict.fromkeys(what for _, what in all_))
    print("| half | " + " | ".join(columns) + " |")
    for name in HALVES:
        print(f"| {name} | " + " | ".join(f"{good[name, what]} of {all_[name, what]}" for what in columns) + " |")


def taken_for_follow_ups() -> None:
    """Prints how many complete questions are rewritten after another one on the same document."""
    from assistant.generate.followup import stand_alone

    every = [
        (first, then)
        for document in written()[0]
        for questions in [[*(q["asked"] for q in document["answered"]), *document["unanswered"]]]
        for first in questions
        for then in questions
        if first != then
    ]
    read = [(first, then, stand_alone(then, [first])) for first, then in every]
    changed = [(first, then, found.text) for first, then, found in read if found.how != "as asked"]
    print(f"complete questions taken for follow-ups: {len(changed)} of {len(every)} pairs")
    for first, then, text in changed:
        print(f"  {first} / {then} -> {text}")


def pubmedqa(data: Path, every: int = 1) -> Iterator[Pair]:
    rows = list(json.loads((data / "pubmedqa/pqal.json").read_text(encoding="utf-8")).values())
    texts, questions = ["\n".join(row["CONTEXTS"]) for row in rows], [row["QUESTION"] for row in rows]
    encode = text_encoder(Settings())
    near = encode(questions) @ encode([text[:600] for text in texts]).T
    for n in range(0, 500, every):
        near[n, n] = -1
        yield n, questions[n], texts[n], texts[int(near[n].argmax())]


def medquad(data: Path, count: int) -> Iterator[Pair]:
    by_disease = defaultdict(list)
    for line in (data / "medquad/medquad.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_disease[row["focus"]].append(row)
    random_ = random.Random(0)
    diseases = sorted(name for name, rows in by_disease.items() if len({row["qtype"] for row in rows}) > 1)
    random_.shuffle(diseases)
    for n, name in enumerate(diseases[:count]):
        row = random_.choice(by_disease[name])
        other = random_.choice([one for one in by_disease[name] if one["qtype"] != row["qtype"]])
        yield n, row["question"], row["answer"], other["answer"]


def as_upload(text: str) -> Record:
    return text_record(text, IngestSettings(), uri="text", sha256=str(hash(text)))


def quoted(question: str, text: str) -> bool:
    settings = Settings()
    passages = own_passages(Query(question, (Upload(as_upload(text)),)), settings)
    kept = tuple(piece for piece in passages if piece.kept)
    task = Task(question, kept, encode=text_encoder(settings))
    return bool(kept) and bool(list(open_answerer(LlmSettings()).answer(task)))


def has_line(question: str, text: str) -> bool:
    from assistant.retrieve.lines import lines, title_of
    from assistant.retrieve.within import answering, asked_of_document

    return bool(answering(asked_of_document(question), lines(text), title_of(text)))


def beside_others(data: Path) -> None:
    """Prints how often questions are answered by their own texts and by others."""
    print("| texts by others | numbers | own text | another |")
    ways: tuple[tuple[str, Callable[[str, str], bool], int, int], ...] = (
        ("lines", has_line, 1, 300), ("quote", quoted, 5, 100),
    )  # fmt: skip
    for way, found, every, count in ways:
        for name, pairs in (("PubMedQA", pubmedqa(data, every)), ("MedQuAD", medquad(data, count))):
            got: dict[str, list[tuple[bool, bool]]] = {"even": [], "odd": []}
            for n, question, own, other in pairs:
                got["odd" if n % 2 else "even"].append((found(question, own), found(question, other)))
            for half, pair in got.items():
                own_n, other_n = (sum(column) for column in zip(*pair, strict=True))
                print(f"| {name}, {way} | {half} | {own_n} of {len(pair)} | {other_n} of {len(pair)} |")


def sweep(assistant: Assistant, files: dict[str, Path], data: Path | None) -> None:
    """Prints, for values of within.py's constants, what lines alone get right of the halves that were in view."""
    from assistant.retrieve import within
    from assistant.retrieve.lines import lines, title_of

    documents = [document for document in written()[0] if document["half"] == "dev"]
    texts = {
        document["file"]: assistant.uploads.read([files[document["file"]]])[0].record.text for document in documents
    }
    prose = [pair for pair in pubmedqa(data) if pair[0] % 2 == 0] if data else []

    def found(question: str, text: str) -> list[str]:
        answers = within.answering(within.asked_of_document(question), lines(text), title_of(text))
        return [answer.line.text for answer in answers]

    def told() -> str:
        asks = [(q, texts[document["file"]]) for document in documents for q in document["answered"]]
        ok = sum(any(holds_one(line, q["holds"]) for line in found(q["asked"], text)) for q, text in asks)
        none = sum(not found(q, texts[document["file"]]) for document in documents for q in document["unanswered"])
        own, other = (sum(bool(found(pair[1], pair[n])) for pair in prose) for n in (2, 3))
        return f"| {ok} | {none} | {own} | {other} |"

    print("| constant | value | right | none | PubMedQA, own text | another |")
    print(f"| as they are | | {told()[2:]}")
    for name in ("COVERED", "IN_TITLE", "AROUND", "_TITLE_WEIGHT"):
        stands = getattr(within, name)
        for value in (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0):
            setattr(within, name, value)
            print(f"| {name} | {value} | {told()[2:]}")
        setattr(within, name, stands)


def main() -> None:
    data = Path(os.environ["WARDROUND_DATA"]) if "WARDROUND_DATA" in os.environ else None
    with tempfile.TemporaryDirectory() as folder:
        files = {document["file"]: made(document, Path(folder)) for document in written()[0]}
        assistant = Assistant(Path(folder) / "workspace", may_be_empty=True)
        if "--sweep" in sys.argv:
            sweep(assistant, files, data)
            return
        asked(assistant, files, "--misses" in sys.argv)
    taken_for_follow_ups()
    if data:
        beside_others(data)


if __name__ == "__main__":
    main()
