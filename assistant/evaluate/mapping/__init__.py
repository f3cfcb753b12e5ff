"""Mappings: one TOML a published set says which of its files hold the rows and how a row becomes cases.

There is no program per set. What a mapping may say is described in `assistant.evaluate.mapping.scheme`.
"""

from assistant.evaluate.mapping.cases import archive_rows, map_cases
from assistant.evaluate.mapping.choose import Sample, is_development, sample_cases
from assistant.evaluate.mapping.library import find_data, find_mapping, mapping_names
from assistant.evaluate.mapping.scheme import Mapping, load_mapping

__all__ = [
    "Mapping",
    "Sample",
    "archive_rows",
    "find_data",
    "find_mapping",
    "is_development",
    "load_mapping",
    "map_cases",
    "mapping_names",
    "sample_cases",
]
