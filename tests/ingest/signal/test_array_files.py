"""CSV and NPY with a sidecar, and a CSV that needs none."""

import io
import json

import numpy as np
import pytest

from assistant.errors import UnreadableFile
from assistant.ingest import is_sidecar, read_file
from assistant.ingest.content import Content
from assistant.ingest.formats import format_of, read_content
from assistant.settings import IngestSettings

LIMITS = IngestSettings()
RNG = np.random.default_rng(4)
VALUES = RNG.standard_normal((500, 3))


def write(folder, name, content, **sidecar):
    path = folder / name
    if isinstance(content, np.ndarray):
        np.save(path, content, allow_pickle=False)
    else:
        path.write_text(content, encoding="utf-8")
    if sidecar:
        path.with_suffix(".json").write_text(json.dumps(sidecar), encoding="utf-8")
    return path


def reason(path):
    with pytest.raises(UnreadableFile) as caught:
        read_file(path, LIMITS)
    return caught.value.reason


def table(header, rows, delimiter=",", decimal="."):
    lines = [delimiter.join(header)] if header else []
    lines += [delimiter.join(f"{value:.6g}".replace(".", decimal) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", ">f4"])
def test_an_array_reads_either_way_round(tmp_path, turned, dtype):
    values = VALUES.astype(dtype)
    path = write(
        tmp_path, "a.npy", values.T if turned else values, sampling_rate_hz=250, leads=["lead i", "AVR", "v1"],
        units="mV", patient_id="P7", study_id="S1", taken_at="2020-05-06T07:08:09", title="Rest", labels={"dx": "none"},
    )  # fmt: skip
    (record,) = read_file(path, LIMITS)
    assert record.signal.leads == ("I", "aVR", "V1")
    assert np.array_equal(record.signal.samples, values.astype(np.float32))
    assert (record.patient_id, record.study_id, record.title, dict(record.labels)) == (
        "P7",
        "S1",
        "Rest",
        {"dx": "none"},
    )
    assert record.taken_at.isoformat() == "2020-05-06T07:08:09"
    assert record.signal.sampling_rate_hz == 250
    assert is_sidecar(tmp_path / "a.json")
    assert not is_sidecar(path)


def test_whole_numbers_with_gain_and_units_become_millivolts(tmp_path):
    stored = RNG.integers(-2000, 2000, (400, 2)).astype(np.int16)
    path = write(
        tmp_path, "a.npy", stored, sampling_rate_hz=500, leads=["II", "PLETH"], units=["uV", "NU"], gain=[0.2, 100],
        baseline=[0, 5],
    )  # fmt: skip
    ecg, pulse = read_file(path, LIMITS)
    assert np.allclose(ecg.signal.samples[:, 0], stored[:, 0] / 0.2 / 1000)
    assert np.allclose(pulse.signal.samples[:, 0], (stored[:, 1] - 5.0) / 100)
    assert (pulse.modality, pulse.signal.units) == ("HD", ("NU",))


def test_an_array_alone_is_told_how_to_write_its_sidecar(tmp_path):
    said = reason(write(tmp_path, "ecg.npy", VALUES))
    assert said.startswith("a NumPy array (float64, 500 × 3) without a sidecar: write ecg.json beside it, like {")
    assert '"sampling_rate_hz": 500' in said


@pytest.mark.parametrize("names", ["i,ii,iii,avr", "I (mV),II (mV),III (mV),V1 (mV)"])
def test_a_table_of_leads_alone_is_told_what_it_lacks(tmp_path, names):
    rows = "".join(f"{0.01 * n},{0.02 * n},{0.01 * n},{-0.015 * n}\n" for n in range(100))
    (tmp_path / "rest.csv").write_text(f"{names}\n{rows}")
    with pytest.raises(UnreadableFile, match=r"states no sampling rate: it needs a column time_s.* sidecar rest\.json"):
        read_file(tmp_path / "rest.csv", IngestSettings())
    (tmp_path / "rest.json").write_text('{"sampling_rate_hz": 50, "units": "mV"}')
    (record,) = read_file(tmp_path / "rest.csv", IngestSettings())
    assert record.signal.leads[:3] == ("I", "II", "III") and record.signal.sampling_rate_hz == 50


def test_nothing_is_unpickled(tmp_path):
    class Bad:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    path = tmp_path / "a.npy"
    np.save(path, np.array([Bad(), 1], dtype=object), allow_pickle=True)
    (tmp_path / "a.json").write_text('{"sampling_rate_hz": 500, "leads": ["I"]}')
    assert "only whole and floating-point numbers" in reason(path)


def test_what_does_not_fit_is_told(tmp_path):
    assert "does not fit the 2 leads" in reason(write(tmp_path, "a.npy", VALUES, sampling_rate_hz=5, leads=["I", "II"]))
    assert "no sampling_rate_hz" in reason(write(tmp_path, "b.npy", VALUES, leads=["I", "II", "III"]))
    assert "there is no key 'rate'" in reason(write(tmp_path, "c.npy", VALUES, rate=5, leads=["I", "II", "III"]))
    assert "sampling_rate_hz: Input should be greater" in reason(
        write(tmp_path, "d.npy", VALUES, sampling_rate_hz=-5, leads=["I", "II", "III"])
    )
    assert "ingest.max_signal_hz" in reason(
        write(tmp_path, "e.npy", VALUES, sampling_rate_hz=1e9, leads=["I", "II", "III"], units="mV")
    )
    path = write(tmp_path, "f.npy", VALUES, sampling_rate_hz=500, leads=["I", "II", "III"])
    path.write_bytes(path.read_bytes()[:5000])
    assert "cut off" in reason(path)
    (tmp_path / "f.json").write_text("{nonsense leads")
    assert "f.json can't be understood" in reason(path)


def test_a_header_that_claims_terabytes_takes_no_memory(tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 12)})
    path = tmp_path / "a.npy"
    path.write_bytes(stream.getvalue())
    (tmp_path / "a.json").write_text('{"sampling_rate_hz": 500, "leads": ["I"]}')
    assert "ingest.max_signal_samples" in reason(path)


def test_a_table_with_time_and_leads_needs_no_sidecar(tmp_path):
    time = np.arange(500) / 250
    for header, factor in (
        (["time_s", "I (mV)", "II (uV)", "Abl. V1 [mV]"], 1),
        (["t [ms]", "I [mV]", "II (uV)", "Abl. V1 (mV)"], 1000),
    ):
        path = write(tmp_path, "a.csv", table(header, np.column_stack([time * factor, VALUES])))
        (record,) = read_file(path, LIMITS)
        assert record.signal.leads == ("I", "II", "V1")
        assert record.signal.sampling_rate_hz == 250
        assert np.allclose(record.signal.lead("I"), VALUES[:, 0], atol=1e-5)
        assert np.allclose(record.signal.lead("II"), VALUES[:, 1] / 1000, atol=1e-8)


def test_a_german_table_with_decimal_commas(tmp_path):
    rows = np.column_stack([np.arange(500) / 500, VALUES[:, :2]])
    path = write(tmp_path, "a.csv", table(["Zeit", "Ableitung I (mV)", "Ableitung aVF (mV)"], rows, ";", ","))
    (record,) = read_file(path, LIMITS)
    assert (record.signal.leads, record.signal.sampling_rate_hz) == (("I", "aVF"), 500)
    assert np.allclose(record.signal.lead("aVF"), VALUES[:, 1], atol=1e-5)


def test_unequal_steps_and_unclear_units_are_refused(tmp_path):
    time = np.arange(500) / 250
    jumped = time + 0.02 * (time > 1)
    rows = np.column_stack([jumped, VALUES])
    assert "not equally spaced (column time_s: a step of 0.024" in reason(
        write(tmp_path, "a.csv", table(["time_s", "I", "II", "V1"], rows))
    )
    rows = np.column_stack([np.arange(500) * 2, VALUES])
    assert "call it time_s or time_ms" in reason(write(tmp_path, "b.csv", table(["time", "I", "II", "V1"], rows)))


def test_a_table_without_header_takes_the_names_of_its_sidecar(tmp_path):
    path = write(tmp_path, "a.csv", table(None, VALUES), sampling_rate_hz=100, leads=["EEG Fp1", "EEG Fp2", "EEG Cz"],
                 units="uV")  # fmt: skip
    (record,) = read_file(path, LIMITS)
    assert (record.modality, record.signal.types, record.signal.units) == ("EEG", ("eeg",) * 3, ("uV",) * 3)
    assert np.allclose(record.signal.samples, VALUES, atol=1e-5)
    assert "do not fit the 2 leads" in reason(
        write(tmp_path, "b.csv", table(None, VALUES), sampling_rate_hz=100, leads=["I", "II"])
    )


def test_an_empty_cell_is_a_missing_sample(tmp_path):
    header = ["time_s", "I (mV)", "II (mV)", "V1 (mV)"]
    text = table(header, np.column_stack([np.arange(500) / 250, VALUES])).splitlines()
    text[100] = text[100].rsplit(",", 1)[0] + ","
    (record,) = read_file(write(tmp_path, "a.csv", "\n".join(text) + "\n"), LIMITS)
    assert np.isnan(record.signal.lead("V1")).tolist() == [n == 99 for n in range(500)]
    text[200] = text[200].replace(",", ",x", 1)
    assert "not every line is numbers" in reason(write(tmp_path, "b.csv", "\n".join(text) + "\n"))


@pytest.mark.parametrize(
    "text",
    [
        "patient,age,sex\n1,50,F\n2,60,M\n3,61,F\n4,62,M\n",
        "id,time,value\n1,0.1,3\n2,0.2,4\n3,0.3,5\n4,0.4,6\n",
        "time_s,hr,spo2\n0,80,97\n1,81,98\n2,82,98\n3,80,97\n",
        "I,II,III\n1,2,3\n2,3,4\n4,5,6\n7,8,9\n",
    ],
)
def test_ordinary_tables_stay_tables(text):
    assert format_of(Content("a.csv", text.encode())) == "table"


def test_mutated_files_give_records_or_a_reason(tmp_path):
    npy = io.BytesIO()
    np.save(npy, VALUES.astype(np.float32))
    csv_ = table(["time_s", "I (mV)", "II (mV)", "V1 (mV)"], np.column_stack([np.arange(500) / 250, VALUES])).encode()
    side = json.dumps({"sampling_rate_hz": 250, "leads": ["I", "II", "V1"], "units": "mV"}).encode()
    for data, name, window in ((npy.getvalue(), "a.npy", 140), (csv_, "a.csv", 4000)):
        cuts = [data[:n] for n in range(1, len(data), max(1, len(data) // 60))]
        for _ in range(200):
            changed = bytearray(data)
            for at in RNG.integers(0, window, 3):
                changed[at] = RNG.integers(0, 256)
            cuts.append(bytes(changed))
        for mutated in cuts:
            file = Content(name, mutated, neighbour=lambda other: side if other == "a.json" else None)
            try:
                assert read_content(file, LIMITS)
            except UnreadableFile as error:
                assert error.reason


def test_a_row_that_calls_its_recording_an_ecg_does_not_make_one_of_its_breath(tmp_path):
    from assistant.ingest.items import iter_items, read_item
    from assistant.ingest.recipe import load_recipe

    write(tmp_path, "a.npy", VALUES, sampling_rate_hz=250, leads=["II", "V1", "RESP"], units="mV")
    (tmp_path / "table.csv").write_text("file,patient,kind\na.npy,P1,ecg\n")
    (tmp_path / "r.toml").write_text(
        'name = "r"\n[[source]]\npath = "."\nmanifest = "table.csv"\n'
        '[source.columns]\npath = "file"\npatient_id = "patient"\nmodality = "kind"\n'
    )
    recipe = load_recipe(tmp_path / "r.toml")
    (item,) = iter_items(recipe)
    found = read_item(item, recipe, LIMITS).records
    assert [(record.modality, record.patient_id) for record in found] == [("ECG", "P1"), ("RESP", "P1")]


def test_a_sidecar_that_changed_makes_its_array_be_read_anew(tmp_path):
    from assistant.ingest.items import iter_items
    from assistant.ingest.recipe import load_recipe

    data = tmp_path / "data"
    data.mkdir()
    write(data, "a.npy", VALUES, sampling_rate_hz=250, leads=["II", "V1", "V2"])
    (tmp_path / "r.toml").write_text('name = "r"\n[[source]]\npath = "data"\n')
    recipe = load_recipe(tmp_path / "r.toml")
    (before,) = iter_items(recipe)
    (data / "a.json").write_text('{"sampling_rate_hz": 1000, "leads": ["II", "V1", "V2"]}')
    (after,) = iter_items(recipe)
    assert before.stamp != after.stamp
    assert before.key == after.key


@pytest.mark.parametrize(
    ("header", "sidecar", "words"),
    [
        (("II", "I"), {"leads": ["I", "II"]}, "its column 'II' is called 'I' in its sidecar"),
        (("MLII", "V5"), {"leads": ["V5", "MLII"]}, "its column 'MLII' is called 'V5' in its sidecar"),
        (("PLETH", "RESP"), {"leads": ["RESP", "PLETH"]}, "its column 'PLETH' is called 'RESP' in its sidecar"),
        (("time_s", "II"), {"sampling_rate_hz": 250}, "its column time_s tells 500 Hz, its sidecar states 250 Hz"),
        (("I", "II"), {"units": "furlong"}, "the unit 'furlong' is none of an ECG's"),
        (("I (uV)", "II (uV)"), {"units": "mV"}, "its column 'I (uV)' is in 'mV' by its sidecar"),
        (("I", "II"), {"colour": "red"}, "there is no key 'colour'; the keys are sampling_rate_hz, leads"),
        (("I", "II"), {"units": None}, "lead I: its unit is stated nowhere, and a guess may be wrong by a thousand"),
    ],
)
def test_a_sidecar_that_contradicts_its_table_or_makes_no_sense_is_refused(tmp_path, header, sidecar, words):
    rows = [[n * 0.002 if name == "time_s" else np.sin(n / 9) for name in header] for n in range(400)]
    path = write(tmp_path, "a.csv", table(header, rows), **{"sampling_rate_hz": 500, "units": "mV", **sidecar})
    assert words in reason(path)


@pytest.mark.parametrize("sidecar", [{"sampling_rate_hz": 500, "leads": ["I", "II"]}, {}])
def test_an_ecg_whose_unit_is_not_stated_is_refused_with_the_way_out(tmp_path, sidecar):
    rows = [[n * 0.002, 700 * np.sin(n / 9), 500 * np.cos(n / 9)] for n in range(400)]
    header = ("time_s", "I", "II")
    said = reason(write(tmp_path, "a.csv", table(header, rows), **sidecar))
    assert '"units": "mV" (or uV, V) into a.json, or call the column "I (mV)"' in said
    path = write(tmp_path, "b.csv", table(header, rows), sampling_rate_hz=500, leads=["I", "II"], units="uV")
    (record,) = read_file(path, LIMITS)
    assert np.nanmax(record.signal.samples) == pytest.approx(0.7, abs=0.01)


def test_names_of_a_sidecar_keep_the_units_of_the_columns(tmp_path):
    path = write(tmp_path, "a.csv", table(["one (uV)", "two (V)"], VALUES[:, :2]), sampling_rate_hz=500,
                 leads=["I", "II"])  # fmt: skip
    (record,) = read_file(path, LIMITS)
    assert record.signal.leads == ("I", "II")
    assert np.allclose(record.signal.samples, VALUES[:, :2] * [0.001, 1000], rtol=1e-4)


def test_what_a_sidecar_says_of_persons_only_tells_what_to_look_for(tmp_path):
    path = write(
        tmp_path, "a.npy", VALUES, sampling_rate_hz=500, leads=["I", "II", "V1"], units="mV", patient_id="P1",
        patient_name="Vogelsang, Edeltraud", birth_date="1950-02-03", referring_physician="Dr. Quast", mrn="77-1234",
        title="Rest",
    )  # fmt: skip
    (record,) = read_file(path, LIMITS)
    assert record.known.names == ("Vogelsang, Edeltraud", "Dr. Quast")
    assert record.known.ids == ("77-1234",)
    assert record.known.birth_date.isoformat() == "1950-02-03"
    assert (record.patient_id, record.title) == ("P1", "Rest")
    assert "Vogelsang" not in f"{record.labels} {record.fields} {record.title} {record.text}"


def test_a_stated_rate_takes_counters_and_coarse_stamps_but_no_gap(tmp_path):
    leads = ["I (mV)", "II (mV)", "V1 (mV)"]
    seconds = np.arange(500) / 250
    for name, column in (("time", np.arange(500)), ("time_s", np.floor(seconds * 100) / 100)):
        path = write(tmp_path, "a.csv", table([name, *leads], np.column_stack([column, VALUES])), sampling_rate_hz=250)
        (record,) = read_file(path, LIMITS)
        assert record.signal.sampling_rate_hz == 250
    gap = seconds + 0.02 * (seconds > 1)
    path = write(tmp_path, "a.csv", table(["time_s", *leads], np.column_stack([gap, VALUES])), sampling_rate_hz=250)
    assert "not equally spaced (column time_s: a step of 0.024" in reason(path)
    back = np.where(np.arange(500) == 300, 0, seconds)
    path = write(tmp_path, "a.csv", table(["time_s", *leads], np.column_stack([back, VALUES])), sampling_rate_hz=250)
    assert "does not rise from sample to sample" in reason(path)
