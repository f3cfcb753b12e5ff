"""A PACS as a source, against a real Orthanc."""

import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from orthanc import running_orthanc, store
from pydicom.data import get_testdata_file

from assistant.errors import RecipeError, UnreadableFile
from assistant.ingest.dicom.web import PacsError, PacsSource, Series, fetch, headers_of, instances_of, series_of
from assistant.ingest.formats import read_content, read_file
from assistant.ingest.recipe import load_recipe
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
FILES = ("CT_small.dcm", "MR_small.dcm", "waveform_ecg.dcm")


@pytest.fixture(scope="module")
def pacs(tmp_path_factory):
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as address:
        for name in FILES:
            store(address, Path(get_testdata_file(name)).read_bytes())
        yield address


def source(pacs, **more):
    return PacsSource(url=f"{pacs}/dicom-web", **more)


def test_every_object_is_found_and_reads_as_its_file_does(pacs):
    found = list(series_of(source(pacs)))
    assert sorted(series.modality for series in found) == ["CT", "ECG", "MR"]
    for series in found:
        (instance,) = instances_of(source(pacs), series)
        fetched = read_content(fetch(source(pacs), series, instance, "x", LIMITS), LIMITS)
        name = {"CT": FILES[0], "MR": FILES[1], "ECG": FILES[2]}[series.modality]
        direct = read_file(Path(get_testdata_file(name)), LIMITS)
        assert [(r.kind, r.modality, r.part, r.text) for r in fetched] == [
            (r.kind, r.modality, r.part, r.text) for r in direct
        ]
        for one, other in zip(fetched, direct, strict=True):
            if one.image is not None:
                assert (one.image.pixels == other.image.pixels).all()
            if one.signal is not None:
                assert (one.signal.samples == other.signal.samples).all()


def test_filters_and_modalities_choose(pacs):
    assert [s.modality for s in series_of(source(pacs, filters={"ModalitiesInStudy": "MR"}))] == ["MR"]
    assert [s.modality for s in series_of(source(pacs, modalities=("ECG",)))] == ["ECG"]
    assert list(series_of(source(pacs, filters={"PatientID": "nobody"}))) == []
    assert len(list(series_of(source(pacs, max_studies=2)))) == 2


def test_headers_come_without_pixels(pacs):
    (series,) = series_of(source(pacs, modalities=("CT",)))
    (header,) = headers_of(source(pacs), series)
    assert header.Rows == 128 and header.get("PixelData") is None


def test_an_object_beyond_the_limit_is_not_read_to_its_end(pacs):
    (series,) = series_of(source(pacs, modalities=("ECG",)))
    (instance,) = instances_of(source(pacs), series)
    small = IngestSettings(max_file_mb=0)
    with pytest.raises(UnreadableFile, match=r"more than the limit of 0 MB \(ingest.max_file_mb\)"):
        fetch(source(pacs), series, instance, "x", small)
    assert fetch(source(pacs), series, instance, "x", LIMITS).data  # and the next one is read


def test_what_is_wrong_is_said_and_where(pacs):
    with pytest.raises(PacsError, match="is the address that of its DICOMweb root"):
        list(series_of(PacsSource(url=f"{pacs}/elsewhere")))
    with pytest.raises(PacsError, match="can't be reached"):
        list(series_of(PacsSource(url="http://127.0.0.1:9/dicom-web")))
    with pytest.raises(UnreadableFile, match="knows no such thing"):
        fetch(source(pacs), Series("1.2.3", "1.2.4", ""), "1.2.5", "x", LIMITS)


def test_a_sign_in_by_the_environment(tmp_path, monkeypatch):
    with running_orthanc(tmp_path, users={"alice": "s3cret"}) as address:
        with pytest.raises(PacsError, match=r"wants a sign-in \(token, or user and password\)"):
            list(series_of(source(address)))
        named = {"user": "${PACS_USER}", "password": "${PACS_PASSWORD}"}
        with pytest.raises(RecipeError, match="environment variable PACS_USER is not set"):
            list(series_of(source(address, **named)))
        monkeypatch.setenv("PACS_USER", "alice")
        monkeypatch.setenv("PACS_PASSWORD", "s3cret")
        assert list(series_of(source(address, **named))) == []


def test_no_identifier_goes_into_a_log(pacs, caplog):
    caplog.set_level(logging.DEBUG)
    (series,) = series_of(source(pacs, modalities=("CT",)))
    for instance in instances_of(source(pacs), series):
        fetch(source(pacs), series, instance, "x", LIMITS)
    assert not [r for r in caplog.records if series.study in r.getMessage()]


class _Answers(BaseHTTPRequestHandler):
    """A server that is no PACS: it redirects, or answers what it should not."""

    def do_GET(self):
        if "redirect" in self.path:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            return
        body = {
            "strings": b'["a", "b"]',
            "html": b"<html>hello</html>",
            "uid": b'[{"0020000D": {"Value": ["../../x"]}}]',
        }
        kind = next((kind for kind in body if kind in self.path), None)
        self.send_response(200 if kind else 500)
        self.send_header("Content-Type", "application/dicom+json")
        self.end_headers()
        self.wfile.write(body.get(kind, b""))

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def no_pacs():
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("redirect", "redirects to another address"),
        ("strings", "no DICOM JSON"),
        ("html", "no proper DICOMweb answer"),
        ("uid", "without a proper UID"),
        ("broken", "answers with errors|answers 500"),
    ],
)
def test_a_server_that_is_no_pacs_is_refused(no_pacs, path, reason):
    with pytest.raises(PacsError, match=reason):
        list(series_of(PacsSource(url=f"{no_pacs}/{path}")))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('dicomweb = { url = "pacs.example.org" }', "the root of a DICOMweb service"),
        ('dicomweb = { url = "http://user:secret@pacs/" }', "the root of a DICOMweb service"),
        ('dicomweb = { url = "http://pacs/x", token = "abc" }', "a recipe holds no secrets"),
        ('dicomweb = { url = "http://pacs/x", user = "${A}" }', "user and password go together"),
        ('dicomweb = { url = "http://pacs/x", filters = { StudyDay = "1" } }', "no DICOM keyword"),
        ('dicomweb = { url = "http://pacs/x" }\nmanifest = "a.csv"', "manifest is for a folder"),
        ('dicomweb = { url = "http://pacs/x" }\npath = "a"', "either a path"),
        ("deidentify = true", "either a path"),
    ],
)
def test_a_recipe_that_cannot_be_meant_is_refused(tmp_path, line, reason):
    path = tmp_path / "pacs.toml"
    path.write_text(f"[[source]]\n{line}\n")
    with pytest.raises(RecipeError, match=reason):
        load_recipe(path)
