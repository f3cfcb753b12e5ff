"""Commands that search and ask."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from assistant.commands.common import OK, SET_ASIDE, open_assistant
from assistant.console import chunks, json_lines, matching, name_of, print_json, say, source
from assistant.errors import BadQuery, WardroundError

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.records import Kind

BATCH = 64  # queries encoded and searched together


def run_search(arguments: Namespace) -> int:
    assistant = open_assistant(arguments)
    if arguments.batch:
        return _search_batch(assistant, arguments)
    found = assistant.search(
        arguments.text, files=arguments.file, k=arguments.k, kinds=arguments.kind, modalities=arguments.modality,
        patient=arguments.patient, exclude_patient=arguments.exclude_patient, findings=arguments.finding,
        history=arguments.history, **_period(arguments),
    )  # fmt: skip
    assistant.db.log_access("search", [(e.record_id, e.patient_id) for e in found.evidence])
    if arguments.json:
        print_json(found.to_json())
        return OK
    if found.abstained:
        print(f"nothing is good enough: {found.reason}")
    for evidence in found.evidence:
        kept = "kept   " if evidence.kept else "dropped"
        said = matching(evidence.text, found.query)
        shown = f"{name_of(evidence)}: {said}" if said else name_of(evidence)
        print(f"{kept} {evidence.score:.3f} {evidence.kind:6} {evidence.modality:3} {shown}")
        print(f"        {evidence.relation}; {evidence.why}")
    return OK


def _period(arguments: Namespace) -> dict[str, Any]:
    """From the beginning of the first day to the end of the last."""
    return {
        "since": datetime.combine(arguments.since, time.min) if arguments.since else None,
        "until": datetime.combine(arguments.until, time.max) if arguments.until else None,
    }


def _search_batch(assistant: Assistant, arguments: Namespace) -> int:
    """One result a line, in the order of the input; a bad line gives its id and what is wrong with it."""
    status = OK
    base = arguments.batch.parent
    for chunk in chunks(list(json_lines(arguments.batch)), BATCH):
        queries, lines = [], []
        for number, row in chunk:
            lines.append({"id": row.get("id", number) if isinstance(row, dict) else number})
            try:
                queries.append(_batch_query(assistant, row, arguments, base))
            except WardroundError as error:
                queries.append(None)
                lines[-1]["error"] = str(error)
                status = SET_ASIDE
        results = iter(assistant.search_batch([query for query in queries if query is not None]))
        for query, line in zip(queries, lines, strict=True):
            print_json({**line, **next(results).to_json()} if query is not None else line, indent=None)
    return status


BATCH_KEYS = {
    "id", "text", "files", "exclude_patient", "patient", "kind", "modality", "k", "finding", "history",
}  # fmt: skip


def _batch_query(assistant: Assistant, row: object, arguments: Namespace, base: Path) -> Any:
    if not isinstance(row, dict):
        raise BadQuery(str(row) if isinstance(row, ValueError) else 'not a JSON object: {"id", "text", "files"}')
    if unknown := set(row) - BATCH_KEYS:
        raise BadQuery(f"unknown key {sorted(unknown)[0]!r}")
    kinds, codes = row.get("kind") or arguments.kind, row.get("modality") or arguments.modality
    findings = row.get("finding") or arguments.finding
    excluded, patient = row.get("exclude_patient", arguments.exclude_patient), row.get("patient", arguments.patient)
    return assistant.query(
        str(row.get("text") or ""),
        files=[base / str(name) for name in row.get("files") or ()],
        k=row.get("k", arguments.k),
        kinds=cast("list[Kind]", [kinds] if isinstance(kinds, str) else kinds),
        modalities=[codes] if isinstance(codes, str) else codes,
        patient=str(patient) if patient is not None else None,
        exclude_patient=str(excluded) if excluded is not None else None,
        findings=[findings] if isinstance(findings, str) else findings,
        history=bool(row.get("history", arguments.history)),
        **_period(arguments),
    )


def run_ask(arguments: Namespace) -> int:
    assistant = open_assistant(arguments)
    answer = assistant.ask(
        arguments.question, files=arguments.file, llm=arguments.llm, patient=arguments.patient,
        exclude_patient=arguments.exclude_patient, history=arguments.history, prompt=arguments.prompt,
        mode=arguments.mode,
    )  # fmt: skip
    assistant.db.log_access("ask", [(e.record_id, e.patient_id) for e in answer.evidence if e.kept])
    if arguments.json:
        print_json(answer.to_json())
        return OK
    if answer.standalone:
        say(f"understood as: {answer.standalone}")
    if answer.notice:
        say(answer.notice)
    if answer.abstained:
        print(f"No answer: {answer.reason}")
    numbers: dict[str, int] = {}
    for claim in answer.claims:
        cited = "".join(f"[{numbers.setdefault(key, len(numbers) + 1)}]" for key in claim.citations)
        mark = "" if claim.verdict == "supported" else f" ({claim.verdict}: {claim.error_kind})"
        moved = " (date moved by de-identification)" if claim.dates_moved else ""
        print(f"{claim.text} {cited}{mark}{moved}".rstrip())
    by_id = {evidence.id: evidence for evidence in answer.evidence}
    for key, number in numbers.items():
        if key in by_id:
            print(f"[{number}] {source(by_id[key], answer.question)}")
    if answer.closest:
        print("Closest, not good enough to answer from:")
        for key in answer.closest:
            print(f"- {source(by_id[key], answer.question)}")
    if answer.own_knowledge:
        print("The model's own knowledge, WITHOUT ANY SOURCE and unchecked:")
        print(" ".join(answer.own_knowledge))
    return OK
