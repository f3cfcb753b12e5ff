"""Clinical text in normal form: sentences, findings with their negation, side, severity and numbers, and counts."""

from assistant.findings.counting import Count, parse_count, state_count
from assistant.findings.extract import entities, extract_findings, implies, is_measurement, measurements_named
from assistant.findings.sentences import in_columns, is_row, sentence_spans, sentences
from assistant.findings.vocabulary import is_abnormal

__all__ = [
    "Count",
    "entities",
    "extract_findings",
    "implies",
    "in_columns",
    "is_abnormal",
    "is_measurement",
    "is_row",
    "measurements_named",
    "parse_count",
    "sentence_spans",
    "sentences",
    "state_count",
]
