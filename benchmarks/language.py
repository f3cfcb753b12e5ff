"""How often the test for language errs: real texts refused, and rubble let through.

    WARDROUND_DATA=… python benchmarks/language.py

Real texts: Open-i reports, MTS-Dialog sections, MEDEC notes, MedQuAD answers, COVID-19 notes, and the example sentences
of 24 languages in spaCy. Rubble is made of them with a fixed seed: base64, hexadecimal dumps, random letters and signs,
text recognition gone wrong (half of the signs replaced), tables of numbers. The thresholds were chosen on the texts of
even number; both halves are reported.
"""

from __future__ import annotations

import base64
import csv
import importlib
import os
import random
import string
import tarfile
from collections.abc import Iterator
from pathlib import Path

from assistant.ingest.content import Content
from assistant.ingest.text import openi
from assistant.ingest.text.language import clean_tokens, common_pairs, no_language
from assistant.settings import IngestSettings

LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "da", "sv", "nb", "fi", "pl", "cs", "hu", "ro", "hr", "sk", "sl", "lt"),
    *("lv", "tr", "id", "ca", "zh", "ja", "ru", "el", "ko"),
)


def real(data: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(data / "iu_xray_reports" / "ecgen-radiology.tar.gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                file = Content(member.name, stream.read())
                try:
                    yield "Open-i", openi.read(file, IngestSettings())[0].text
                except Exception:  # a report without text
                    continue
    for name, path, column in (
        ("MTS-Dialog", "mts_dialog/MTS-Dialog-TrainingSet.csv", "section_text"),
        ("MEDEC", "medec/MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv", "Text"),
        ("COVID notes", "covid_chestxray/metadata.csv", "clinical_notes"),
    ):
        with (data / path).open(encoding="utf-8", errors="replace", newline="") as stream:
            for row in csv.DictReader(stream):
                if (row.get(column) or "").strip():
                    yield name, row[column]
    for language in LANGUAGES:
        try:
            sentences = importlib.import_module(f"spacy.lang.{language}.examples").sentences
        except ImportError:
            continue
        for sentence in sentences:
            yield "28 languages", sentence
        yield "28 languages", "\n".join(sentences)


def rubble(texts: list[str], random_: random.Random) -> Iterator[tuple[str, str]]:
    signs = string.ascii_letters + string.digits + string.punctuation
    for text in texts:
        size = max(80, len(text))
        yield "base64", base64.encodebytes(random_.randbytes(size)).decode()
        yield "hexadecimal", random_.randbytes(size).hex(" ")
        words = ("".join(random_.choices(string.ascii_lowercase, k=random_.randint(3, 9))) for _ in range(size // 6))
        yield "random words", " ".join(words)
        yield "random signs", "".join(random_.choices(signs + " " * 12, k=size))
        yield "numbers", "\n".join("\t".join(str(random_.randint(0, 9999)) for _ in range(6)) for _ in range(20))
        if len(text) > 200:
            noisy = "".join(random_.choice("|~^_.,;:'`{}[]<>!1lI") if random_.random() < 0.5 else c for c in text)
            yield "text recognition", noisy


def main() -> None:
    random_ = random.Random(7)
    texts = list(real(Path(os.environ["WARDROUND_DATA"])))
    sample = [text for _, text in random_.sample(texts, 400)]
    for title, found, wrong in (
        ("refused", texts, lambda reason: reason is not None),
        ("let through", list(rubble(sample, random_)), lambda reason: reason is None),
    ):
        for kind in dict.fromkeys(name for name, _ in found):
            mine = [text for name, text in found if name == kind]
            for half in (0, 1):
                part = mine[half::2]
                errors = [text for text in part if wrong(no_language(text))]
                pairs, clean = sorted(map(common_pairs, part)), sorted(clean_tokens(text.split()) for text in part)
                at = len(part) // 100 if title == "refused" else -1 - len(part) // 100
                print(
                    f"{kind:16} {'chosen on' if half == 0 else 'reported '} {title} {len(errors)} of {len(part)}; 1st "
                    f"percentile towards the other side: pairs {pairs[at]:.2f}, clean {clean[at]:.2f}"
                )
                for text in errors[:4]:
                    print("      ", no_language(text), repr(text[:110]))


if __name__ == "__main__":
    main()
