"""Uploads and their cards: what a file is, how good it is, what is inside, why it can't be read."""

from dataclasses import replace

import numpy as np
from test_evidence_panel import HOSTILE, assert_harmless, ecg_record, image_record

from assistant.errors import UnreadableFile
from assistant.ingest import Reading
from assistant.records import BoxPlace, Image, Passage, Record
from assistant.ui.chat.cards import card, shelf
from assistant.ui.chat.faces import face_of, parts_of
from assistant.ui.chat.uploads import Room, room_for, stored_bytes, take_in
from assistant.ui.gate.visitor import Visitor, entering
from assistant.ui.language import words


def gives(*records, aside=()):
    return lambda path: Reading(tuple(records), tuple(aside))


def slice_record(number, **changes):
    noise = np.random.default_rng(number).integers(0, 255, (300, 300)).astype(np.uint8)
    return Record(
        "image", "CT", f"s.zip!{number}.dcm", part=f"slice {number}", study_id="S-1", patient_id="P-aa",
        fields={"slices": 40, "slice": number}, image=Image(noise), **changes,
    )  # fmt: skip


def test_hostile_file_names_and_reasons_stay_text(tmp_path):
    source = tmp_path / "x<img src=x onerror=alert(1)>.txt"
    source.write_text("hello")

    def fails(path):
        raise UnreadableFile(path, HOSTILE)

    uploads = take_in(tmp_path / "in", [source], [], fails)
    assert uploads[0].reason == HOSTILE
    assert_harmless(shelf(uploads))
    hostile = image_record(fields={"view": HOSTILE}, patient_id=HOSTILE)
    good = take_in(tmp_path / "in2", [source], [], gives(hostile, ecg_record(), aside=[(HOSTILE, HOSTILE)]))
    assert_harmless(shelf(good))
    assert "&lt;img" in shelf(good)


def test_an_unreadable_upload_that_comes_again_takes_its_place(tmp_path):
    header = tmp_path / "100.hea"
    header.write_text("100 1 100 1000\n")

    def fails(path):
        raise UnreadableFile(path, "its signal is missing")

    once = take_in(tmp_path / "in", [header], [], fails)
    again = take_in(tmp_path / "in", [header], once, fails)
    assert [upload.path.name for upload in again] == ["100.hea"]


def test_an_upload_without_its_other_half_is_read_again_when_that_comes(tmp_path):
    header, data = tmp_path / "100.hea", tmp_path / "100.dat"
    header.write_text("100 1 100 1000\n100.dat 16 200/mV 16 0 0 0 0 II\n")
    data.write_bytes(np.zeros(1000, dtype="<i2").tobytes())

    def read(path):
        if not path.with_suffix(".dat").exists():
            raise UnreadableFile(path, "its signal 100.dat is missing")
        return Reading((ecg_record(),))

    folder = tmp_path / "in"
    once = take_in(folder, [header], [], read)
    assert once[0].reason == "its signal 100.dat is missing"
    both = take_in(folder, [data], once, read)
    assert [upload.reason for upload in both] == ["", ""]
    assert both[1].companion and "100.dat" not in shelf(both)
    assert "2-lead ECG" in shelf(both)


def test_two_files_of_one_name_are_kept_apart(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(folder)
    uploads = take_in(tmp_path / "in", [tmp_path / "a/x.txt", tmp_path / "b/x.txt"], [], gives(image_record()))
    assert [upload.path.read_text() for upload in uploads] == ["a", "b"]


def test_a_header_never_finds_the_signal_of_another_recording_of_the_same_name(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name in ("1.hea", "1.dat"):
            (tmp_path / folder / name).write_text(folder)

    def read(path):
        data = path.with_suffix(".dat")
        if not data.exists():
            raise UnreadableFile(path, "its signal 1.dat is missing")
        assert data.read_text() == path.read_text()
        return Reading((ecg_record(),))

    uploads = take_in(tmp_path / "in", [tmp_path / "a/1.dat", tmp_path / "a/1.hea"], [], read)
    waiting = take_in(tmp_path / "in", [tmp_path / "b/1.hea"], uploads, read)
    assert [upload.reason for upload in waiting] == ["", "", "its signal 1.dat is missing"]
    both = take_in(tmp_path / "in", [tmp_path / "b/1.dat"], waiting, read)
    assert [upload.reason for upload in both] == ["", "", "", ""]


def test_a_card_tells_pages_and_words(tmp_path):
    source = tmp_path / "a.pdf"
    source.write_bytes(b"%PDF")
    record = Record(
        "text", "DOC", "a.pdf", text="one two three", passages=(Passage(0, 3, page=1), Passage(4, 13, page=2))
    )
    html = shelf(take_in(tmp_path / "in", [source], [], gives(record)))
    assert "<li>2 pages</li>" in html and "<li>3 words</li>" in html


def test_a_card_tells_view_leads_patient_and_what_makes_it_less_than_good():
    grey = image_record(fields={"view": "PA"}, patient_id="P-1a2b")
    face = face_of("chest.dcm", Reading((grey,)))
    for said in ("X-ray (CR)", "200 × 100 pixels", "view PA", "patient P-1a2b"):
        assert f"<li>{said}</li>" in face
    assert "⚠ limited quality: only 200 × 100 pixels" in face
    ecg = face_of("a.hea", Reading((ecg_record(), Record("text", "ECG", "a.hea", text="sinus rhythm"))))
    for said in ("2-lead ECG", "II, V5", "500 Hz", "10.0 s", "with a text of 2 words"):
        assert f"<li>{said}</li>" in ecg
    assert "wr-thumb-ecg" in ecg


def test_a_study_tells_its_parts_and_what_could_not_be_read():
    text = Record("text", "SR", "s.zip!report.txt", text="No effusion.", patient_id="P-aa")
    records = (*(slice_record(number) for number in (10, 20, 30)), text)
    assert [len(part) for part in parts_of(records)] == [3, 1]
    face = face_of("study.zip", Reading(records, (("broken.dcm", "damaged file"),)))
    assert "<li>2 parts</li>" in face and "<li>patient P-aa</li>" in face
    assert "CT, 300 × 300 pixels, 40 slices, 3 of them kept" in face and "Report, 2 words" in face
    assert "⚠ 1 part of it can’t be read" in face and "broken.dcm: damaged file" in face
    other = Record("text", "SR", "s.zip!other.txt", text="Another.", patient_id="P-bb")
    assert "names more than one patient" in face_of("study.zip", Reading((*records, other)))
    texts = (Record("text", "SR", f"s.zip!{n}", text="x " * (n + 1)) for n in range(9))
    many = face_of("s.zip", Reading(tuple(texts)))
    assert "<li>9 parts</li>" in many and "<li>and 3 more</li>" in many


def test_a_card_speaks_the_visitor_s_language():
    with entering(Visitor(language="de")):
        assert "<li>EKG mit 2 Ableitungen</li>" in face_of("a.hea", Reading((ecg_record(),)))


def test_pixels_and_samples_are_not_kept_with_the_conversation(tmp_path):
    source = tmp_path / "a.png"
    source.write_bytes(b"x")
    (upload,) = take_in(tmp_path / "in", [source], [], gives(image_record()))
    assert upload.records[0].image is None and upload.records[0].record_id == "r1"


def test_beyond_the_room_a_file_is_told_and_not_kept(tmp_path):
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_bytes(b"x" * 400_000)
    sources = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]
    folder = tmp_path / "in"
    first = take_in(folder, sources[:1], [], gives(image_record()), room_for((), 0, 2, 1))
    both = take_in(folder, sources[1:], first, gives(image_record()), room_for(first, stored_bytes(first), 2, 1))
    assert [bool(upload.records) for upload in both] == [True, True, False]
    assert "no more than 2 files can be in play" in both[2].reason and "(ui.max_uploads)" in both[2].reason
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]
    large = take_in(tmp_path / "other", sources, [], gives(image_record()), Room(9, 800_000, 9, 1))
    assert "more than 1 MB (ui.max_uploads_mb)" in large[2].reason and "Can’t be read" in card(large[2])
    assert len(list((tmp_path / "other").iterdir())) == 2
    freed = take_in(folder, [tmp_path / "c.txt"], both[1:], gives(image_record()), Room(1, 800_000, 2, 1))
    assert [upload.name for upload in freed if not upload.reason] == ["b.txt", "c.txt"]


def test_many_unreadable_files_are_one_card_with_each_reason_inside(tmp_path):
    def fails(path):
        raise UnreadableFile(path, "the file is empty (0 bytes)")

    sources = [tmp_path / f"scan{number}.dcm" for number in range(7)]
    for source in sources:
        source.write_bytes(b"x")
    few, many = (take_in(tmp_path / name, sources[:count], [], fails) for name, count in (("a", 2), ("b", 7)))
    assert shelf(few).count("wr-card-bad") == 2 and "<details" not in shelf(few)
    drawn = shelf(many)
    assert drawn.count("wr-card-bad") == 1 and "<summary>7 files can’t be read</summary>" in drawn
    assert drawn.count("the file is empty (0 bytes)") == drawn.count('data-act="remove"') == 7
    assert 'data-act="remove_unreadable"' in drawn
    with entering(Visitor(language="de")):
        drawn = shelf(many)
        assert "<summary>7 Dateien sind nicht lesbar</summary>" in drawn and "die Datei ist leer (0 Byte)" in drawn


def test_what_reads_alike_in_an_archive_is_counted():
    records = [Record("image", "MR", f"s.zip!{n}.dcm", image=Image(np.full((16, 16), 100, np.uint8))) for n in range(6)]
    face = face_of("s.zip", Reading(tuple(records), ()))
    contents = face.partition('class="wr-contents"')[2].partition("</ul>")[0]
    assert contents.count("<li>") == 1 and "6 × " in contents and "16 × 16 pixels" in contents
    assert face.count('class="wr-warning"') == 1 and "⚠ 6 × " in face


def test_of_a_picture_of_many_frames_it_is_told_how_many_are_kept_and_which_one_is_cited():
    frames = [
        replace(slice_record(n), uri="emri.dcm", part=f"frame {n}", fields={"frames": 10, "frame": n})
        for n in (2, 6, 9)
    ]
    assert "10 frames, 3 of them kept" in face_of("emri.dcm", Reading(tuple(frames)))
    assert words.place(BoxPlace((0, 0, 300, 300), 5)) == "frame 6"
    assert words.place(BoxPlace((10, 0, 300, 300), 5)) == "marked box, frame 6"
    assert words.place(BoxPlace((0, 0, 300, 300))) == ""
