"""The command that judges claims against evidence."""

from __future__ import annotations

from argparse import Namespace

from assistant.commands.common import OK, SET_ASIDE
from assistant.console import json_lines, print_json
from assistant.errors import BadQuery


def run_check(arguments: Namespace) -> int:
    """One judgement a line, in the order of the input."""
    from assistant.settings import Settings
    from assistant.verify import check
    from assistant.verify.entail import open_entailment

    model = open_entailment(arguments.entailment, Settings())
    status = OK
    for number, row in json_lines(arguments.pairs):
        key = row.get("id", number) if isinstance(row, dict) else number
        try:
            claim, evidence = _pair(row)
        except BadQuery as error:
            print_json({"id": key, "error": str(error)}, indent=None)
            status = SET_ASIDE
            continue
        judged = check(claim, evidence, entailment=model)
        line = {
            "verdict": judged.verdict,
            "score": round(judged.score, 4),
            "error_kind": judged.error_kind,
            "why": judged.why,
        }
        print_json({"id": key, **line}, indent=None)
    return status


def _pair(row: object) -> tuple[str, list[str]]:
    if not isinstance(row, dict):
        raise BadQuery(str(row) if isinstance(row, ValueError) else 'not a JSON object: {"id", "claim", "evidence"}')
    claim, evidence = row.get("claim"), row.get("evidence")
    texts = [evidence] if isinstance(evidence, str) else evidence
    if not isinstance(claim, str) or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadQuery("claim must be a text, and evidence a text or a list of texts")
    return claim, texts
