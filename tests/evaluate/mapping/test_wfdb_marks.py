"""Wave marks of a WFDB record, words of 16 bits written here by hand."""

import struct

import pytest

from assistant.evaluate.mapping.wfdb_rows import intervals, read_header, read_marks


def word(kind, distance):
    """A mark: its kind in the six upper bits, its distance from the one before in the ten lower."""
    return struct.pack("<H", kind << 10 | distance)


ONSET, P, BEAT, T, END = 39, 24, 1, 27, 40
QRS = word(ONSET, 100) + word(BEAT, 20) + word(END, 30)


def test_places_are_summed_up_from_distances():
    assert read_marks(QRS + word(0, 0)) == [(100, "("), (120, "N"), (150, ")")]


def test_a_distance_beyond_ten_bits_stands_in_the_two_words_behind_a_skip():
    far = word(59, 0) + struct.pack("<HH", 1, 2)  # 65,536 + 2
    back = word(59, 0) + struct.pack("<HH", 0xFFFF, 0xFFFF)  # two's complement: -1
    assert read_marks(far + word(P, 10)) == [(65548, "p")]
    assert read_marks(QRS + back + word(T, 4)) == [(100, "("), (120, "N"), (150, ")"), (153, "t")]


def test_notes_channels_and_kinds_of_no_interval_are_passed_over():
    note = word(63, 3) + b"abc\0"  # a text of three bytes, filled up to whole words
    channel = word(62, 7)
    assert read_marks(word(28, 5) + note + channel + word(BEAT, 10)) == [(5, ""), (15, "N")]


def test_what_follows_the_end_is_no_mark():
    assert read_marks(word(BEAT, 8) + word(0, 0) + word(BEAT, 8)) == [(8, "N")]


@pytest.mark.parametrize("cut_off", [QRS[:-1], word(59, 0) + b"\1\0"])
def test_a_file_that_is_cut_off_is_refused(cut_off):
    with pytest.raises(ValueError, match="annotation file"):
        read_marks(cut_off)


def test_a_header_names_its_leads_and_gives_the_marks_beside_it(tmp_path):
    (tmp_path / "7.hea").write_text(
        "7 2 500 5000\n7.dat 16 1000/mV 16 0 0 0 0 ii\n7.dat 16 1000/mV 16 0 0 0 0 chest lead\n#<sex>: F\n#Rhythm: AF\n"
    )
    (tmp_path / "7.ii").write_bytes(QRS + word(0, 0))
    row = read_header(tmp_path / "7.hea", annotations=True)
    assert row["leads"] == ["ii", "chest lead"]
    assert (row["record"], row["sampling_rate_hz"], row["samples"]) == ("7", 500, 5000)
    assert row["comment"] == {"sex": "F", "Rhythm": "AF"}
    assert row["marks"] == {"qrs_ms": 100.0}  # 50 samples of 2 ms
    assert row["marks"] == intervals([read_marks(QRS)], 500.0)


def test_what_is_no_header_is_refused(tmp_path):
    (tmp_path / "x.hea").write_text("nothing of the sort\n")
    with pytest.raises(ValueError, match="no WFDB header"):
        read_header(tmp_path / "x.hea")
