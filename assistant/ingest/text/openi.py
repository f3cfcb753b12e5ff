"""Radiology reports of Open-i, the XML in which Indiana University's chest X-ray collection is given out.

Demner-Fushman et al., "Preparing a collection of radiology examinations for distribution and retrieval",
JAMIA 2016.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from assistant.ingest.content import Content
from assistant.ingest.dates import parse_date
from assistant.ingest.safe_xml import parse, root_name, text_of
from assistant.ingest.text.passages import Stretch, cut
from assistant.records import Record
from assistant.settings import IngestSettings


def recognises(file: Content) -> bool:
    return root_name(file) == "eCitation"


def read(file: Content, limits: IngestSettings) -> list[Record]:
    """One text record: the report with its headings, a passage or more a section, MeSH terms as labels.

    Labels: `mesh_major` (coded by people: "Opacity/lung/upper lobe/right") and `mesh_automatic` (found by a
    program), terms joined by " | ".
    """
    root = parse(file)
    text, stretches = "", []
    for element in root.iter("AbstractText"):
        content = text_of(element)
        if not content:
            continue
        name = (element.get("Label") or "REPORT").upper()
        text += ("\n\n" if text else "") + f"{name}: "
        stretch: Stretch = (len(text), len(text) + len(content), name, None)
        stretches.append(stretch)
        text += content
    if not stretches:
        raise file.refuse("an Open-i report without any text (no COMPARISON, INDICATION, FINDINGS or IMPRESSION)")
    uid = _attribute(root, "uId")
    images = [image.get("id", "") for image in root.iter("parentImage")]
    fields: dict[str, str | int | float] = {"images": ", ".join(images)} if images else {}
    if licence := text_of(root.find("ccLicense")):
        fields["licence"] = licence
    return [
        Record(
            kind="text",
            modality="SR",
            uri=file.uri,
            sha256=file.sha256,
            study_id=uid,
            taken_at=parse_date(text_of(root.find("articleDate"))),
            external_id=uid or _attribute(root, "pmcId"),
            title="Chest X-ray report" if text_of(root.find("docSource")) == "CXR" else None,
            text=text,
            passages=cut(text, limits.passage_words, stretches),
            labels=_mesh(root),
            fields=fields,
        )
    ]


def _attribute(root: Element, name: str) -> str | None:
    element = root.find(name)
    return element.get("id") if element is not None else None


def _mesh(root: Element) -> dict[str, str]:
    terms = {
        f"mesh_{kind}": " | ".join(dict.fromkeys(text_of(e) for e in root.iterfind(f"MeSH/{kind}") if text_of(e)))
        for kind in ("major", "automatic")
    }
    return {name: value for name, value in terms.items() if value}
