"""How files of published sets are written down in tests, and what is looked at of their cases."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

Lines = dict[str, tuple[dict[str, str | bytes], dict[str, dict[str, Any]]]]
"""By mapping: the files of a set by name, and by case id fields as in `Case.model_dump(exclude_defaults=True)`."""


def jsonl(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def csv(*rows):
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


def tgz(**members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(f"ecgen-radiology/{name}.xml")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


def openi(uid, findings, impression, *mesh):
    terms = "".join(f"<major>{term}</major>" for term in mesh)
    return (
        f'<eCitation><uId id="{uid}"/><MedlineCitation><Article><Abstract>'
        f'<AbstractText Label="FINDINGS">{findings}</AbstractText>'
        f'<AbstractText Label="IMPRESSION">{impression}</AbstractText>'
        f"</Abstract></Article></MedlineCitation><MeSH>{terms}</MeSH></eCitation>"
    )
