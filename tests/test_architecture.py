"""A room imports only from rooms above it, and heavy libraries only where they are used."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "assistant"

ORDER = [
    "wording", "errors", "toml_file", "acting", "records", "settings", "pseudonyms", "resources", "html_page",
    "weights", "measure", "findings", "ingest", "embed", "experts", "store", "retrieve", "generate", "verify",
    "workspace", "archive", "querying", "studies", "counting", "answering", "checking", "conversation", "export",
    "drafting", "forget", "feedback", "assistant", "langchain", "evaluate", "demo", "ui", "console", "commands", "cli",
]  # fmt: skip
COMPOSERS = {name: {"assistant"} for name in ("answering", "conversation", "drafting")}  # for type annotations alone
HEAVY = {"torch", "gradio", "vllm", "onnxruntime", "transformers", "sentence_transformers", "open_clip", "faiss"}


def room(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def top_level(tree):
    """Import nodes that run when the module is imported."""
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        for inner in ast.walk(node) if not isinstance(node, ast.FunctionDef | ast.ClassDef) else ():
            if isinstance(inner, ast.Import | ast.ImportFrom):
                yield inner


def names(node):
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]


MODULES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.name != "__init__.py" or p.parent != PACKAGE]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_upwards(path):
    here = room(path)
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for name in names(node):
            if name.startswith("assistant."):
                other = name.split(".")[1]
                assert ORDER.index(other) <= ORDER.index(here) or other in COMPOSERS.get(here, ()), f"{path}: {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_where_they_are_used(path):
    for node in top_level(ast.parse(path.read_text())):
        for name in names(node):
            # the page's own modules are gradio through and through; `assistant.ui` imports them when it is launched
            allowed = {"gradio"} if room(path) == "ui" and path.name != "__init__.py" else set()
            assert name.split(".")[0] not in HEAVY - allowed, f"{path}: {name} at module level"


def test_every_room_is_in_the_order():
    assert {room(path) for path in MODULES} - {"py"} == set(ORDER)
