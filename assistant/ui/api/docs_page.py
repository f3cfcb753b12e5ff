"""The API's documentation as one plain page, drawn from its OpenAPI document: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from assistant.html_page import html_page

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #16262b; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-bottom: 1px solid #c9d3d5; margin-top: 2.4rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 0.2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; }
pre { background: #f1f5f5; padding: 10px; overflow-x: auto; }
.method { font-weight: 700; color: #0b6b64; margin-right: 0.4em; }
table { border-collapse: collapse; margin: 6px 0; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 3px 10px 3px 0; font-size: 0.9rem; }
th, td { border-bottom: 1px solid #dde4e5; }
.soft { color: #51646a; }
@media (prefers-color-scheme: dark) {
  body { background: #10171b; color: #e6ecec; }
  pre { background: #1b2429; }
  .method { color: #5fd0c5; }
  h2, th, td { border-color: #33424a; }
  .soft { color: #a3b3b8; }
  a { color: #7cc7f0; }
}
"""
_BEGIN = Markup(
    '<h1>{}</h1><p>{}</p><p>Machine-readable: <a href="openapi.json"><code>openapi.json</code></a>.</p>'
    "<pre>curl -H 'Authorization: Bearer wr_…' -F question='Is there an effusion?' -F files=@cxr.dcm \\\n"
    "     {}/ask</pre>"
)


def docs_page(document: Mapping[str, Any], base: str) -> str:
    """The page; `base` is the API's address for the example."""
    groups: dict[str, list[Markup]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = groups.setdefault(operation["tags"][-1], [])
            section.append(_operation(document, method, path, operation))
    body = [_BEGIN.format(document["info"]["title"], document["info"]["description"], base)]
    for name, operations in groups.items():
        body += [Markup("<h2>{}</h2>").format(name), *operations]
    return html_page(document["info"]["title"], _STYLE, "\n".join(body))


def _operation(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> Markup:
    rows = Markup("").join(
        Markup("<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>").format(name, kind, told)
        for name, kind, told in _inputs(document, operation)
    )
    table = Markup("<table><tr><th>input</th><th>type</th><th>meaning</th></tr>{}</table>").format(rows)
    return Markup(
        '<h3><span class="method">{}</span><code>{}</code> {}</h3><p class="soft">{}</p>{}<p>Gives {}</p>'
    ).format(
        method.upper(), path, operation["summary"], operation.get("description", ""), table if rows else "",
        _outputs(document, operation),
    )  # fmt: skip


def _inputs(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(name, type, meaning) of each parameter, form field and key of a JSON body."""
    for parameter in operation.get("parameters", ()):
        where = f", in the {parameter['in']}"
        yield parameter["name"], _type(document, parameter["schema"]) + where, _meaning(parameter)
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        shape = _resolved(document, content["schema"])
        many = shape.get("type") == "array"
        shape = _resolved(document, shape["items"]) if many else shape
        where = "JSON, a list of objects" if many else "JSON" if media.endswith("json") else "form"
        needed = shape.get("required", ())
        for name, value in shape.get("properties", {}).items():
            must = ", needed" if name in needed else ""
            yield name, f"{_type(document, value)} ({where}{must})", _meaning(value)


def _outputs(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Markup:
    """What each status gives."""
    told = []
    for status, answer in operation["responses"].items():
        media = ", ".join(answer.get("content", {})) or "nothing"
        schema = next((content.get("schema") for content in answer.get("content", {}).values()), None)
        name = _type(document, schema) if schema else ""
        what = f" ({media}: {name})" if name else f" ({media})"
        told.append(Markup("<code>{}</code> {}{}").format(status, answer["description"], what))
    return Markup("; ").join(told)


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema
    while "$ref" in found:
        found = document["components"]["schemas"][found["$ref"].rpartition("/")[2]]
    return found


def _type(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """A type in words: "text", "list of file", "one of quote, local, openai"."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_type(document, one) for one in schema["anyOf"] if one.get("type") != "null")
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(document, schema.get('items', {}))}"
    if schema.get("contentMediaType") or schema.get("format") == "binary":
        return "file"
    return {"string": "text", "integer": "whole number"}.get(schema.get("type", ""), schema.get("type", "anything"))


def _meaning(schema: Mapping[str, Any]) -> str:
    default = schema.get("default", schema.get("schema", {}).get("default"))
    told = str(schema.get("description", ""))
    return f"{told}{'; ' * bool(told)}default {json.dumps(default)}" if default not in (None, "", [], False) else told
