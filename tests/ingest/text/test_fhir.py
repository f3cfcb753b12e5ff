"""FHIR R4: reports with their results, single resources, NDJSON, attachments. The patients are made up."""

import base64
import json

import pytest

from assistant.errors import UnreadableFile
from assistant.ingest.content import Content
from assistant.ingest.deid import Deidentifier
from assistant.ingest.formats import format_of, read_content
from assistant.pseudonyms import Pseudonyms
from assistant.settings import DeidSettings, IngestSettings

LIMITS = IngestSettings()
UID = "2.25.120374619328765.1"
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [
        {"type": {"coding": [{"code": "SS"}]}, "value": "999"},
        {"type": {"coding": [{"code": "MR"}]}, "value": "MRN-77"},
    ],
    "name": [{"family": "Mustermann", "given": ["Erika"]}],
    "gender": "female",
    "birthDate": "1964-08-12",
}
HB = {
    "resourceType": "Observation",
    "id": "hb",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7", "display": "Haemoglobin"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2021-03-04T08:30:00+11:00",
    "valueQuantity": {"value": 7.2, "unit": "g/dl"},
    "interpretation": [{"text": "low"}],
    "referenceRange": [{"low": {"value": 7.5, "unit": "g/dl"}, "high": {"value": 10, "unit": "g/dl"}}],
}
PRESSURE = {
    "resourceType": "Observation",
    "id": "bp",
    "status": "final",
    "code": {"text": "Blood pressure"},
    "subject": {"reference": "Patient/p1"},
    "component": [
        {"code": {"text": "Systolic"}, "valueQuantity": {"value": 107, "unit": "mmHg"}},
        {"code": {"text": "Diastolic"}, "dataAbsentReason": {"text": "not measured"}},
    ],
}
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r1",
    "status": "preliminary",
    "code": {"text": "Chest X-ray"},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2021-03-04",
    "imagingStudy": [{"reference": "#study"}],
    "contained": [{"resourceType": "ImagingStudy", "id": "study", "identifier": [{"value": f"urn:oid:{UID}"}]}],
    "result": [{"reference": "urn:uuid:1111"}],
    "conclusion": "No pneumonia.\nSmall effusion.",
    "conclusionCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "60046008", "display": "Effusion"}]}],
    "presentedForm": [
        {"contentType": "text/html", "data": base64.b64encode(b"<html><body>The lungs are clear.</body>").decode()},
        {"contentType": "application/pdf", "url": "http://127.0.0.1:9/report.pdf"},
    ],
}


def bundle(*resources, urls=()):
    entries = [{"resource": resource} for resource in resources]
    for entry, url in zip(entries, urls, strict=False):
        entry["fullUrl"] = url
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def read(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    file = Content("a.json", data)
    assert format_of(file) == "fhir"
    return read_content(file, LIMITS), file.aside


def reason(value):
    with pytest.raises(UnreadableFile) as caught:
        read(value)
    return caught.value.reason


def test_a_report_tells_its_results_and_conclusion():
    records, aside = read(bundle(HB, REPORT, PATIENT, urls=("urn:uuid:1111",)))
    report, page, patient = records
    assert report.text == (
        "EXAMINATION:\nChest X-ray\nStatus: preliminary\n\n"
        "RESULTS:\nHaemoglobin: 7.2 g/dl (low; reference 7.5 g/dl to 10 g/dl)\n\n"
        "CONCLUSION:\nNo pneumonia.\nSmall effusion.\n\n"
        "DIAGNOSIS:\nEffusion (SNOMED CT 60046008)"
    )
    assert [p.section for p in report.passages] == ["EXAMINATION", "RESULTS", "CONCLUSION", "DIAGNOSIS"]
    assert (report.patient_id, report.study_id, report.title) == ("MRN-77", UID, "Chest X-ray")
    assert report.external_id is page.external_id is patient.external_id is None
    assert report.taken_at.isoformat() == "2021-03-04T00:00:00"
    assert report.modality == "SR"
    assert (page.text, page.study_id, page.part) == ("The lungs are clear.", UID, "entry 2, attachment 1")
    assert patient.text == "PATIENT:\nSex: female\nYear of birth: 1964"
    assert aside == [("entry 2, attachment 2", "an attachment that lies at a URL, which is not fetched")]


def test_a_patients_name_is_told_to_the_deidentifier_and_to_nobody_else():
    records, _ = read(bundle(REPORT, PATIENT))
    for record in records:
        assert record.known.names == ("Mustermann", "Erika")
        assert set(record.known.ids) >= {"999", "MRN-77", "p1"}
        assert record.known.birth_date.isoformat() == "1964-08-12"
        shown = (record.text, record.title, dict(record.fields), dict(record.labels), record.part)
        assert "Mustermann" not in repr(shown)
        assert record.fields["sex"] == "female"


@pytest.mark.parametrize(
    ("identifiers", "number"),
    [
        ([{"value": "88371255"}], "88371255"),
        ([{"value": "1"}, {"use": "usual", "value": "88371255"}], "88371255"),
        ([{"use": "usual", "value": "1"}, {"type": {"coding": [{"code": "MR"}]}, "value": "88371255"}], "88371255"),
        ([{"value": "1"}, {"value": "2"}], "pat-883712"),
        ([], "pat-883712"),
    ],
    ids=["the only one", "the usual one", "typed MR", "none of them is better", "none"],
)
def test_a_patient_is_called_by_the_medical_record_number(identifiers, number):
    patient = {**PATIENT, "id": "pat-883712", "identifier": identifiers}
    report = {**REPORT, "subject": {"reference": "Patient/pat-883712"}}
    for data in (bundle(report, patient), "\n".join(map(json.dumps, (report, patient))).encode()):
        records, _ = read(data)
        assert {record.patient_id for record in records} == {number}
        assert all("pat-883712" in record.known.ids and record.external_id is None for record in records)
    assert read(patient)[0][0].patient_id == number


def test_without_its_resource_a_patient_is_called_by_the_identifier_of_the_subject():
    subject = {"reference": "Patient/pat-883712", "display": "Erika Mustermann", "identifier": {"value": "88371255"}}
    ((record,), _) = read({**HB, "id": "obs-55120", "subject": subject})
    assert record.patient_id == "88371255"
    assert set(record.known.ids) == {"obs-55120", "pat-883712", "88371255"}
    assert record.known.names == ("Erika Mustermann",)


def test_the_id_of_a_contained_patient_names_nobody_outside_of_the_resource():
    inside = {**HB, "subject": {"reference": "#p1"}}
    assert read({**inside, "contained": [{**PATIENT, "identifier": []}]})[0][0].patient_id is None
    assert read({**inside, "contained": [PATIENT]})[0][0].patient_id == "MRN-77"


def test_a_concept_of_codes_alone_is_told_once():
    coding = [{"system": "http://loinc.org", "code": "2823-3"}]
    ((record,), _) = read({**REPORT, "presentedForm": [], "conclusionCode": [{"coding": coding}]})
    assert record.text.endswith("DIAGNOSIS:\nLOINC 2823-3")


def test_ids_of_the_resource_and_its_patient_vanish_from_the_text_and_codes_stay():
    systems = ("http://loinc.org", "2823-3"), ("http://snomed.info/sct", "312468003"), ("https://lab.example/x", "K7")
    coding = [{"system": system, "code": code} for system, code in systems]
    note = "Condition obs-55120 of pat-883712."
    condition = {"resourceType": "Condition", "id": "obs-55120", "subject": {"reference": "Patient/pat-883712"},
                 "code": {"text": "Potassium", "coding": coding}, "note": [{"text": note}]}  # fmt: skip
    ((record,), _) = read(condition)
    assert record.fields["codes"] == "LOINC 2823-3, SNOMED CT 312468003, K7"
    deidentifier = Deidentifier(Pseudonyms(bytes(32)), DeidSettings())
    cleaned, removed = deidentifier.record(record)
    assert "LOINC 2823-3, SNOMED CT 312468003, K7" in cleaned.text and "Condition [id] of [id]." in cleaned.text
    assert cleaned.fields == record.fields and removed.counts == {"id": 2}
    assert "55120" not in repr(cleaned.external_id) + cleaned.part + repr(cleaned.title)


def test_an_observation_tells_its_components():
    ((record,), _) = read(PRESSURE)
    assert record.text == "OBSERVATION:\nSystolic: 107 mmHg\nDiastolic: not known (not measured)"
    assert (record.patient_id, record.study_id, record.part) == ("p1", "Observation/bp", "")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"valueString": "Clear"}, "Clear"),
        ({"valueBoolean": True}, "yes"),
        ({"valueInteger": 4}, "4"),
        ({"valueCodeableConcept": {"coding": [{"display": "Positive"}]}}, "Positive"),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mg/l"}}, "<5 mg/l"),
        ({"valueRange": {"low": {"value": 2}, "high": {"value": 3}}}, "2 to 3"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, "1 : 128"),
        ({"valuePeriod": {"start": "2021-01-01", "end": "2021-01-02"}}, "2021-01-01 to 2021-01-02"),
    ],
)
def test_every_kind_of_value_is_told(value, said):
    resource = {"resourceType": "Observation", "code": {"text": "Finding"}, **value}
    assert read(resource)[0][0].text == f"OBSERVATION:\nFinding: {said}"


def test_lines_of_ndjson_are_read_one_by_one_and_bad_ones_set_aside():
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "code": {"text": "Asthma"},
        "subject": {"reference": "Patient/p2"},
        "verificationStatus": {"coding": [{"code": "refuted"}]},
    }
    encounter = {"resourceType": "Encounter", "id": "e"}
    lines = [json.dumps(HB), '{"resourceType": ', json.dumps(condition), "[]", json.dumps(encounter)]
    records, aside = read("\n".join(lines).encode())
    assert [(r.part, r.patient_id) for r in records] == [("line 1", "p1"), ("line 3", "p2")]
    assert records[1].text == "CONDITION:\nNo Asthma: refuted"
    assert [part for part, _ in aside] == ["line 2", "line 4", "1 other resources"]
    assert len({r.study_id for r in records}) == 2


def test_an_imaging_study_tells_its_series():
    study = {
        "resourceType": "ImagingStudy",
        "id": "s",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{UID}"}],
        "subject": {"identifier": {"value": "MRN-1"}},
        "started": "2019-07-01T09:00:00Z",
        "description": "XR wrist",
        "series": [
            {"modality": {"code": "DX"}, "bodySite": {"display": "Wrist"}, "laterality": {"display": "Left"},
             "numberOfInstances": 2}
        ],
    }  # fmt: skip
    ((record,), _) = read(study)
    assert record.text == "EXAMINATION:\nXR wrist\n\nSERIES:\nDX, Wrist, Left, 2 images"
    assert (record.study_id, record.patient_id, record.title) == (UID, "MRN-1", "XR wrist")


def test_a_document_is_read_by_its_content_and_four_deep():
    inner = {"resourceType": "DocumentReference", "content": [{"attachment": {"data": ""}}]}
    data = base64.b64encode(b"A letter about asthma.").decode()
    document = {**inner, "id": "d", "date": "2020-05-06", "content": [{"attachment": {"data": data}}]}
    ((record,), _) = read(document)
    assert (record.text, record.taken_at.year) == ("A letter about asthma.", 2020)
    for _ in range(6):
        data = base64.b64encode(json.dumps(document).encode()).decode()
        document = {**inner, "content": [{"attachment": {"data": data}}]}
    assert "more than 4 deep" in reason(document)


def test_what_was_withdrawn_or_says_nothing_is_set_aside():
    assert "marked as entered-in-error" in reason({**HB, "status": "entered-in-error"})
    assert "says nothing" in reason({"resourceType": "Observation", "code": {"text": "Weight"}})
    assert "nothing to index (Practitioner (2))" in reason(bundle(*[{"resourceType": "Practitioner"}] * 2))
    ((record,), aside) = read({**HB, **REPORT, "presentedForm": [{"data": "%%%"}]})
    assert record.text.startswith("EXAMINATION:")
    assert aside[0][0] == "DiagnosticReport, attachment 1"
    assert "no valid base64" in aside[0][1]


@pytest.mark.parametrize("key", ["code", "subject", "valueQuantity", "component", "result", "content", "series", "id"])
@pytest.mark.parametrize("value", [None, 7, "x", [], [[]], {"coding": 3}, [{"reference": 4}], {"reference": {}}])
def test_a_value_of_the_wrong_type_is_no_crash(key, value):
    for resource in (HB, REPORT, PRESSURE, {"resourceType": "ImagingStudy"}, {"resourceType": "DocumentReference"}):
        try:
            records, _ = read({**resource, key: value})
            assert records
        except UnreadableFile as error:
            assert error.reason.startswith("FHIR ")


def test_damaged_json_says_so():
    whole = json.dumps(bundle(HB, REPORT)).encode()
    assert "damaged FHIR JSON" in reason(whole[:-30])
    assert "nested without end" in reason(b'{"resourceType": "Bundle", "entry": ' + b"[" * 100_000)
