"""What the picture viewer fetches: by sealed addresses alone, every value of the file, the same patient's others."""

import csv
import io
import json
import struct

import numpy as np
import pydicom.data
import pytest
from browsing import radiograph, save_dicom
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image as Pillow
from sqlalchemy import select

from assistant.assistant import Assistant
from assistant.ingest.dicom.display import window
from assistant.records import BoxPlace
from assistant.store.workspace_tables import AccessRow
from assistant.ui.evidence.picture import OWN, viewer
from assistant.ui.evidence.pixels import image_router
from assistant.ui.gate import seals
from assistant.ui.gate.visitor import Visitor, entering


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    """Two studies of the patient "upload-1" and one of another, pictures only."""
    home = tmp_path_factory.mktemp("ward")
    (home / "indexes").mkdir()
    (home / "data").mkdir()
    rows = [["id", "file", "patient", "date"]]
    for number, (patient, date) in enumerate(
        [("upload-1", "2019-05-03"), ("upload-1", "2020-06-04"), ("other", "2018-01-01")]
    ):
        save_dicom(home / f"data/{number}.dcm", radiograph(0.1 * number, number))
        rows.append([f"study-{number}", f"{number}.dcm", patient, date])
    with (home / "data/studies.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    (home / "indexes/ward.toml").write_text(
        'name = "ward"\n[[source]]\npath = "../data"\nmanifest = "studies.csv"\n[source.columns]\nid = "id"\n'
        'path = "{file}"\npatient_id = "patient"\ntaken_at = "date"\n',
        encoding="utf-8",
    )
    Assistant.build(home / "indexes/ward.toml", workspace=home)
    return Assistant.open(home)


@pytest.fixture(scope="module")
def client(ward):
    app = FastAPI()
    app.include_router(image_router(ward))
    return TestClient(app)


def unpacked(data):
    (size,) = struct.unpack_from("<I", data)
    about = json.loads(data[4 : 4 + size])
    at, n = 4 + size, about["codes"]
    values = np.frombuffer(data, "<f4", n, at)
    shown = np.frombuffer(data, np.uint8, n, at + 4 * n)
    start = at + 4 * n + -(-n // 8) * 8
    codes = np.frombuffer(data, f"<u{about['bits'] // 8}", offset=start)
    shape = (about["height"], about["width"], about["channels"])
    return about, values, shown, codes.reshape(shape).squeeze()


def pixels(client, address):
    _, values, _, codes = unpacked(client.get(address).content)
    return values[codes]


def test_every_value_arrives_with_what_it_means(ward, client):
    path = pydicom.data.get_testdata_file("CT_small.dcm")
    (record,) = ward.read_upload(path)
    answer = client.get(seals.address(record.record_id, "pixels"))
    assert answer.headers["content-type"] == "application/octet-stream"
    about, values, shown, codes = unpacked(answer.content)
    dataset = pydicom.dcmread(path)
    hounsfield = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    assert about["unit"] == "HU" and np.array_equal(values[codes], hounsfield)
    assert np.array_equal(shown[codes], record.image.pixels)
    seen = window(values.astype(float), about["centre"], about["window_width"])
    assert np.abs(seen * 255 - shown).max() <= 1.01  # centre and width are those of what is shown


def test_an_address_holds_for_its_record_and_its_visitor(ward, client):
    first, second = (ward.study(f"study-{n}")[0].record_id for n in (0, 2))
    address = seals.address(first, "pixels")
    assert client.get(address).status_code == 200
    assert client.get(address.replace(first, second)).status_code == 404
    assert client.get(address + f"?other={second}/00").status_code == 404
    with entering(Visitor("somebody else")):
        foreign = seals.address(first, "pixels")
    assert client.get(foreign).status_code == 404


def test_a_large_picture_comes_coarse_for_a_first_look_and_whole_when_asked_for_as_such(ward, client, tmp_path):
    picture = np.full((1_200, 1_100), 50, np.uint8)
    picture[:, 600:] = 200
    save_dicom(tmp_path / "large.dcm", picture)
    data = pydicom.dcmread(tmp_path / "large.dcm")
    data.compress(pydicom.uid.JPEG2000Lossless, generate_instance_uid=False)
    data.save_as(tmp_path / "large.dcm")
    (record,) = ward.read_upload(tmp_path / "large.dcm")
    content = client.get(seals.address(record.record_id, "pixels", within="275x300")).content
    (size,) = struct.unpack_from("<I", content)
    about = json.loads(content[4 : 4 + size])
    assert (about["width"], about["height"], about["halvings"]) == (1_100, 1_200, 2)
    at, n = 4 + size, about["codes"]
    values = np.frombuffer(content, "<f4", n, at)
    codes = np.frombuffer(content, np.uint8, offset=at + 4 * n + -(-n // 8) * 8).reshape(300, 275)
    assert (values[codes[:, [0, 100, 200, 274]]] == [50, 50, 200, 200]).all()
    about, values, _, codes = unpacked(client.get(seals.address(record.record_id, "pixels")).content)
    assert about["halvings"] == 0 and np.array_equal(values[codes], picture)
    for size in ("275", "0x300", "axb", "999999x3"):
        assert client.get(seals.address(record.record_id, "pixels", within=size)).status_code == 422


def test_a_frame_that_is_not_there_and_a_file_that_is_gone_are_told(ward, client, tmp_path):
    record = ward.study("study-0")[0]
    answer = client.get(seals.address(record.record_id, "pixels", frame=3))
    assert answer.status_code == 404 and "there is no frame 4: it has 1" in answer.json()["detail"]
    save_dicom(tmp_path / "gone.dcm", radiograph(0.2, 7))
    (gone,) = ward.read_upload(tmp_path / "gone.dcm")
    (tmp_path / "gone.dcm").unlink()
    answer = client.get(seals.address(gone.record_id, "pixels"))
    assert answer.status_code == 404 and "gone.dcm" in answer.json()["detail"]


def test_the_small_picture_is_a_png_of_the_size_asked_for(ward, client):
    record = ward.study("study-1")[0]
    answer = client.get(seals.address(record.record_id, "picture.png", longest=100))
    picture = Pillow.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == "image/png" and max(picture.size) == 100


def test_an_upload_finds_its_patients_other_pictures_newest_first_and_nobody_elses(ward, client, tmp_path):
    save_dicom(tmp_path / "now.dcm", radiograph(0.28, 99))  # of the patient "upload-1"
    (upload,) = ward.read_upload(tmp_path / "now.dcm")
    found = client.get(seals.address(OWN + upload.record_id, "priors")).json()
    assert len(found) == 2 and all(one["label"].startswith("X-ray, ") for one in found)
    before = len(logged(ward, "view"))
    assert np.array_equal(pixels(client, found[0]["src"]), radiograph(0.1, 1))
    client.get(found[0]["src"])
    seen = logged(ward, "view")[before:]
    assert [row.record_id for row in seen] == [ward.study("study-1")[0].record_id]  # once, not at each look
    of_the_archive = ward.study("study-1")[0].record_id
    older = client.get(seals.address(OWN + of_the_archive, "priors")).json()
    assert len(older) == 1 and np.array_equal(pixels(client, older[0]["src"]), radiograph(0.0, 0))
    assert client.get(seals.address(OWN + ward.study("study-2")[0].record_id, "priors")).json() == []
    assert client.get(seals.address(of_the_archive, "priors")).status_code == 404  # not as the case's own


def logged(ward, action):
    with ward.db.session() as session:
        rows = session.scalars(select(AccessRow).order_by(AccessRow.access_id))
        return [row for row in rows if row.action == action]


def test_a_box_is_handed_to_the_viewer_clipped_and_not_where_it_is_the_whole_picture(ward):
    record = ward.study("study-0")[0]  # 280 × 320
    drawn = viewer(record, key="e1", label='A "title" <b>', place=BoxPlace((-5, 20, 100, 5_000)))
    assert 'data-box="0,20,100,320" data-box-frame="0"' in drawn
    assert "<b>" not in drawn and "&lt;b&gt;" in drawn
    assert "data-box" not in viewer(record, key="e1", label="", place=BoxPlace((0, 0, 280, 320)))
