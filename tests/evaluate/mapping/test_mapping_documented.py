"""The page on data sets names every mapping with its source and how well it is known, and every suite."""

from pathlib import Path

import pytest

from assistant.evaluate.mapping import find_mapping
from assistant.evaluate.mapping.library import SHIPPED
from assistant.evaluate.matrix import is_matrix

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_a_mapping_is_on_the_page(name):
    mapping = find_mapping(name, ROOT)
    row = f"| [`{name}`]({mapping.source}) | {mapping.title} | {mapping.licence} | {mapping.known_from} |"
    assert row in PAGE.splitlines()


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (ROOT / "eval").glob("*.toml") if path.stem != "smoke" and not is_matrix(path))
)
def test_a_suite_over_a_set_is_on_the_page(name):
    assert f"| `{name}` |" in PAGE
