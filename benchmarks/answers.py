"""What retrieval and verification do to a model's answers, over the chest X-ray reports of Open-i.

    WARDROUND_DATA=… python benchmarks/answers.py [--llm measuring|local] [--questions 24] [--modes direct,reflect]
        [--plain-prompt] [--model-dir DIR] [--replies FILE.json] [--out FILE.json]

Each question asks of one patient's report whether a finding is there. The truth is not read off by program: for one
half the finding is among the MeSH terms that the archive's indexers gave the report; for the other half they gave no
such term and the text denies the finding in words. Reports are chosen by a seed, findings in turn.

- *without retrieval*: the model is asked about the patient's X-ray and given nothing;
- *with retrieval*: the assistant's own path with the archive of all chosen reports, filtered to the patient; each
  sentence that says something of the finding asked about is right or wrong;
- *verification*: the verdict that each of these sentences got. Caught: wrong and not supported. Let through: wrong and
  supported. Flagged in error: right and not supported.

The measuring model is fetched as data (measuring_model.py); `local` is the packaged small model.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from kept_replies import keep_replies
from measuring_model import measuring_model

from assistant.assistant import Assistant
from assistant.findings import extract_findings
from assistant.generate.chat import ChatServer
from assistant.generate.local import LocalServer
from assistant.records import Answer, Claim
from assistant.settings import LlmSettings, Settings
from assistant.verify import check
from assistant.weights import locate

FINDINGS = {  # the vocabulary's name: how MeSH terms of the archive begin that code it
    "pleural effusion": ("Pleural Effusion",),
    "cardiomegaly": ("Cardiomegaly",),
    "pneumothorax": ("Pneumothorax",),
    "atelectasis": ("Pulmonary Atelectasis",),
    "consolidation": ("Consolidation",),
    "pulmonary edema": ("Pulmonary Edema",),
}
PLAIN = """---
name: answer
version: plain
---
# System
You answer medical questions for professionals in one short sentence.

# User
{{evidence}}

Question: {{question}}
"""
UNAIDED = "You answer medical questions for professionals in one short sentence."


@dataclass(frozen=True)
class Case:
    patient: str
    finding: str
    present: bool

    @property
    def question(self) -> str:
        return f"Is there {'a ' if self.finding.startswith('pleural') else ''}{self.finding}?"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm", choices=("measuring", "local"), default="measuring")
    parser.add_argument("--questions", type=int, default=24)
    parser.add_argument("--seed", type=int, default=6, help="which reports; the prompts were worded on those of seed 5")
    parser.add_argument("--modes", default="direct")
    parser.add_argument("--model-dir", type=Path, default=Path(tempfile.gettempdir()) / "measuring-model")
    parser.add_argument("--plain-prompt", action="store_true", help="a prompt of one line instead of Wardround's")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--replies", type=Path, help="a file that keeps what the model wrote")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    keep_replies(chosen.replies)
    workspace = Path(tempfile.mkdtemp(prefix="answers-"))
    if chosen.plain_prompt:
        (workspace / "prompts").mkdir()
        (workspace / "prompts" / "answer.md").write_text(PLAIN, encoding="utf-8")
    cases = _cases(_reports(), chosen.questions, chosen.seed, workspace)
    gguf = measuring_model(chosen.model_dir) if chosen.llm == "measuring" else locate("smollm2-135m")
    server = LocalServer(gguf, name=chosen.llm, context_tokens=4096)
    llm = LlmSettings(base_url=server.base_url, api_key=server.api_key, model=chosen.llm, max_tokens=chosen.max_tokens,
                      timeout_s=900)  # fmt: skip
    assistant = Assistant(workspace, settings=Settings(llm=llm))
    if chosen.llm == "local":  # with the prompts that the small model is given
        from assistant.generate.served import ServedAnswerer

        assistant._answerers["openai"] = ServedAnswerer(llm, base_url=server.base_url, variant="small")
    rows = [_unaided(ChatServer(llm, server.base_url), case) for case in cases]
    print(f"without retrieval: {_counted(rows, ('right', 'wrong', 'none'))}", flush=True)
    for mode in chosen.modes.split(","):
        found = []
        for case in cases:
            started = time.perf_counter()
            answer = assistant.ask(case.question, patient=case.patient, llm="openai", mode=mode)  # type: ignore[arg-type]
            found.append(_judged(case, answer, mode, time.perf_counter() - started))
            if chosen.out:
                chosen.out.write_text(json.dumps(rows + found, indent=1), encoding="utf-8")
            print(json.dumps(found[-1]), file=sys.stderr, flush=True)
        rows += found
        _report(mode, found)


def _reports() -> dict[str, tuple[str, tuple[str, ...]]]:
    """By report id: its text and its MeSH terms."""
    archive = Path(os.environ["WARDROUND_DATA"]) / "iu_xray_reports" / "ecgen-radiology.tar.gz"
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.name.endswith(".xml"):
                continue
            root = ElementTree.parse(tar.extractfile(member)).getroot()
            said = {e.get("Label"): (e.text or "").strip() for e in root.iter("AbstractText")}
            if said.get("FINDINGS") and said.get("IMPRESSION"):
                text = f"FINDINGS: {said['FINDINGS']}\n\nIMPRESSION: {said['IMPRESSION']}"
                found[Path(member.name).stem] = (text, tuple((e.text or "") for e in root.iter("major")))
    return found


def _cases(reports: dict[str, tuple[str, tuple[str, ...]]], number: int, seed: int, workspace: Path) -> list[Case]:
    """The questions, present and denied findings in turn, and an index of their reports."""
    ids = sorted(reports)
    random.Random(seed).shuffle(ids)
    cases: list[Case] = []
    for n in range(number):
        finding, present = list(FINDINGS)[n // 2 % len(FINDINGS)], n % 2 == 0
        taken = {case.patient for case in cases}
        cases.append(
            Case(next(i for i in ids if i not in taken and _fits(reports[i], finding, present)), finding, present)
        )
    folder = workspace / "data"
    folder.mkdir()
    with (folder / "reports.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "report"])
        writer.writerows((case.patient, reports[case.patient][0]) for case in cases)
    recipe = workspace / "indexes" / "reports.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "reports"\n[[source]]\npath = "../data"\nmanifest = "reports.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "id"\npatient_id = "id"\ntext = "report"\n[source.defaults]\nmodality = "SR"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe)
    return cases


def _fits(report: tuple[str, tuple[str, ...]], finding: str, present: bool) -> bool:
    text, terms = report
    coded = any(term.startswith(FINDINGS[finding]) for term in terms)
    said = {found.status for found in extract_findings(text) if found.entity == finding}
    return coded if present else not coded and said == {"absent"}


def _stance(sentence: str, finding: str) -> bool | None:
    """Whether a sentence says that the finding is there; None where it says neither."""
    said = {found.status for found in extract_findings(sentence) if found.entity == finding}
    if said == {"present"} or said == {"absent"}:
        return said == {"present"}
    if any(check(text, sentence).verdict == "contradicted" for text in (f"There is {finding}.",)):
        return False
    opening = re.match(r"\W*(yes|no)(?=\s*[,.;:]|\s*$)", sentence, re.IGNORECASE)
    return opening[1].lower() == "yes" if opening else None


def _unaided(server: ChatServer, case: Case) -> dict[str, object]:
    asked = f"A patient had a chest X-ray today. {case.question}"
    said = "".join(server.stream(UNAIDED, asked)).strip()
    stance = _stance(said, case.finding)
    told = "none" if stance is None else "right" if stance == case.present else "wrong"
    return {"mode": "without retrieval", "patient": case.patient, "question": case.question, "told": told, "said": said}


def _judged(case: Case, answer: Answer, mode: str, seconds: float) -> dict[str, object]:
    def told(claim: Claim) -> str:
        stance = _stance(claim.text, case.finding)
        return "aside" if stance is None else "right" if stance == case.present else "wrong"

    claims = [(told(claim), claim.verdict, claim.error_kind, claim.text) for claim in answer.claims]
    return {"mode": mode, "patient": case.patient, "question": case.question, "present": case.present,
            "abstained": answer.abstained, "claims": claims, "seconds": round(seconds, 1)}  # fmt: skip


def _counted(rows: list[dict[str, object]], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {sum(row['told'] == name for row in rows)}" for name in names)


def _report(mode: str, rows: list[dict[str, object]]) -> None:
    claims = [claim for row in rows for claim in row["claims"]]  # type: ignore[attr-defined]

    def count(told: str, supported: bool) -> int:
        return sum(claim[0] == told and (claim[1] == "supported") == supported for claim in claims)

    seconds = sorted(float(str(row["seconds"])) for row in rows)
    print(
        f"{mode}: {len(rows)} questions, {sum(not row['claims'] for row in rows)} without a sentence; "
        f"right {count('right', True) + count('right', False)} (flagged in error {count('right', False)}), "
        f"wrong {count('wrong', True) + count('wrong', False)} (caught {count('wrong', False)}, "
        f"let through {count('wrong', True)}); beside the question {count('aside', True) + count('aside', False)} "
        f"({count('aside', False)} not supported); median {seconds[len(seconds) // 2]:.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
