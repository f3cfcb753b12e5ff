"""English that stands in the page's own code instead of the language files, as far as it can be told."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

UI = Path(__file__).parent.parent.parent / "assistant" / "ui"
NAMES = {"Wardround", "bpm", "min"}  # a name and units are the same in every language
_READ = {"aria-label", "title", "alt", "placeholder", "aria-description", "aria-roledescription"}
_SILENT = {"script", "style", "code", "pre", "kbd"}
_SHOWN = {"label", "placeholder", "info"}
_IN_SCRIPT = re.compile(r"(?:textContent|innerText|title|placeholder|ariaLabel)\s*=\s*(['\"`])(.*?)\1")
_KEY = re.compile(r"[a-z_]+\.[A-Za-z0-9_]*")
_FILES = (".html", ".js", ".css", ".py", ".json", ".toml", ".csv")
_WORD = re.compile(r"[A-Za-z]{3,}")


class _Texts(HTMLParser):
    """The words of a piece of HTML that a reader sees or hears."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._silent += tag in _SILENT
        self.found += [value for name, value in attrs if name in _READ and value]

    def handle_endtag(self, tag):
        self._silent -= tag in _SILENT

    def handle_data(self, data):
        if not self._silent:
            self.found.append(data)


def english_in(source: str) -> Iterator[tuple[int, str]]:
    """(line, words) of each text in the code that a page would show: in markup, in Gradio's components, in errors."""
    tree = ast.parse(source)
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in silent | inner:
            text = _text(node)
            if re.search(r"</?[a-z][^>]*>", text):
                yield from ((node.lineno, word) for word in _words(" ".join(_Texts(text).found)))
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            shown = [k.value for k in node.keywords if name.startswith("gr.") and k.arg in _SHOWN]
            shown += node.args[:1] if name in ("gr.Info", "gr.Warning", "gr.Error", "gr.Button", "gr.Markdown") else []
            yield from ((one.lineno, word) for one in shown for word in _words(_text(one)))


def english_in_script(source: str) -> list[str]:
    """Words of the strings that a script puts on the page itself."""
    return [word for found in _IN_SCRIPT.findall(source) for word in _words(re.sub(r"\$\{[^}]*\}", " ", found[1]))]


def _text(node: ast.AST) -> str:
    """A string of the code, its fields as {}; "" for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _words(text: str) -> list[str]:
    plain = re.sub(r"\{[^}]*\}|&\w+;", " ", text)
    return [word for word in _WORD.findall(plain) if word not in NAMES]


def strings_in(source: str) -> list[str]:
    """Every string of the code, its fields as {}."""
    return [_text(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant | ast.JoinedStr)]


def keys_used() -> tuple[set[str], set[str]]:
    """The keys that the code names, and the beginnings of those that it puts together ("help.key_")."""
    whole, begun = set(), set()
    for path in UI.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in inner and re.fullmatch(_KEY, _text(node)):
                (begun if _text(node).endswith((".", "_")) else whole).add(_text(node))
            elif isinstance(node, ast.JoinedStr) and (match := re.fullmatch(_KEY, _first(node))):
                begun.add(match[0])
    return {key for key in whole if not key.endswith(_FILES)}, begun


def _first(text: ast.JoinedStr) -> str:
    """What a string begins with before its first field."""
    return _text(text.values[0]) if isinstance(text.values[0], ast.Constant) else ""
