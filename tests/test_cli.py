"""The command line as scripts use it: JSON on stdout, the rest on stderr, and the exit status."""

import json
import re
import socket
import subprocess
import sys
import urllib.request

import pytest
from pydicom.data import get_testdata_file
from small_archive import ROWS, draw

from assistant.cli import main


@pytest.fixture
def run(chest_workspace, capsys):
    """Runs a command in the small archive; gives its exit status, stdout and stderr."""

    def command(*arguments, workspace=chest_workspace):
        status = main([*map(str, arguments), "--workspace", str(workspace)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def test_help_names_every_command_and_imports_nothing_heavy():
    code = (
        "import sys; from assistant.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'faiss', 'gradio', 'torch', 'onnxruntime', 'sqlalchemy', 'pydicom', 'wfdb'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for command in ("demo", "init", "index", "search", "ask", "draft", "check", "measure", "read", "eval", "doctor"):
        assert f"\n    {command} " in done.stdout


def test_every_command_of_the_help_is_there():
    from assistant import commands

    said = subprocess.run([sys.executable, "-m", "assistant.cli", "--help"], capture_output=True, text=True).stdout
    named = re.findall(r"^    ([a-z][a-z-]+)\b", said, re.MULTILINE)
    assert {"chat", "serve-llm", "user"} <= set(named)
    assert [name for name in named if not hasattr(commands, f"run_{name.replace('-', '_')}")] == []


def test_chat_opens_the_page_where_nothing_is_indexed_yet(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "assistant.cli", "chat", "--workspace", str(tmp_path), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert f"127.0.0.1:{port}" in server.stdout.readline()
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/archive") as answered:
                assert answered.status == 200 and b"Wardround" in answered.read()
        finally:
            server.terminate()


def test_index_prints_the_contracts_json_and_says_what_was_set_aside(run, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.txt").write_text("Asthma is treated with inhaled steroids.")
    (notes / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\x08\0\x05\0CS\xff\xff")
    status, out, _ = run("index", notes, "--json", workspace=tmp_path)
    report = json.loads(out)
    assert status == 1
    assert (report["index"], report["generation"], report["added"]) == ("notes", 1, 1)
    assert report["records"] == {"image": 0, "signal": 0, "text": 1}
    assert [aside["path"] for aside in report["set_aside"]] == ["broken.dcm"]
    assert (tmp_path / "indexes" / "notes.toml").exists()


def test_search_json(run):
    status, out, _ = run("search", "pleural effusion", "-k", 2, "--json")
    found = json.loads(out)
    assert status == 0
    assert len(found["evidence"]) == 2
    assert set(found) >= {"query", "route", "evidence", "abstained", "timing_ms"}
    assert set(found["evidence"][0]) >= {
        "id", "record_id", "external_id", "study_id", "patient_id", "kind", "modality", "relation", "labels", "text",
        "place", "score", "kept", "why",
    }  # fmt: skip
    assert found["evidence"][0]["place"] == {"start": 0, "end": len(ROWS[0][2])}


def test_a_batch_keeps_its_order_and_names_bad_lines(run, tmp_path, chest_workspace):
    lines = [
        {"id": "one", "text": "pleural effusion"},
        {"id": "two", "files": ["missing.png"]},
        {"id": "k", "text": "effusion", "k": "many"},
        {"id": "three", "text": "fracture", "exclude_patient": "400"},
        {"id": "four", "files": [str(chest_workspace / "data" / "c.png")], "kind": "image"},
    ]
    batch = tmp_path / "queries.jsonl"
    batch.write_text("\n".join(json.dumps(line) for line in lines) + "\nno json\n")
    status, out, _ = run("search", "--batch", batch)
    found = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [line["id"] for line in found] == ["one", "two", "k", "three", "four", 6]
    assert "missing.png" in found[1]["error"]
    assert "k is 'many'" in found[2]["error"]
    assert "no JSON" in found[5]["error"]
    assert found[0]["evidence"][0]["external_id"] == "a.png"
    assert "e.png" not in [e["external_id"] for e in found[3]["evidence"]]
    assert {e["kind"] for e in found[4]["evidence"]} == {"image"}


def test_ask_abstains_with_status_0(run):
    status, out, _ = run("ask", "Who won the 1998 football world cup?", "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["abstained"] is True
    assert answer["claims"] == []
    assert set(answer) >= {
        "question",
        "text",
        "abstained",
        "reason",
        "claims",
        "evidence",
        "model",
        "prompt",
        "timing_ms",
    }


def test_ask_with_a_picture_counts_similar_studies(run, tmp_path):
    from PIL import Image as Picture

    Picture.fromarray(draw(77, (160, 200))).save(tmp_path / "new.png")
    status, out, _ = run("ask", "What do similar studies show?", "--file", tmp_path / "new.png", "--json")
    answer = json.loads(out)
    assert status == 0
    assert not answer["abstained"]
    known = {evidence["id"] for evidence in answer["evidence"]}
    for claim in answer["claims"]:
        assert claim["verdict"] == "supported", claim
        assert claim["about"] == "similar"
        assert claim["citations"]
        assert set(claim["citations"]) <= known


def test_ask_measures_an_ecg(run):
    status, out, _ = run("ask", "What is the heart rate?", "--file", get_testdata_file("waveform_ecg.dcm"), "--json")
    answer = json.loads(out)
    assert status == 0
    rate = next(claim for claim in answer["claims"] if "61 beats/min" in claim["text"])  # the cart: RR 982 ms
    assert (rate["verdict"], rate["about"]) == ("supported", "patient")


def test_check_judges_each_line(run, tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    lines = [
        {"id": "a", "claim": "No pneumothorax.", "evidence": ["The lungs are clear without pneumothorax."]},
        {"id": "b", "claim": "No pleural effusion.", "evidence": "Pleural effusion."},
        {"id": "c", "claim": 5, "evidence": "x"},
    ]
    pairs.write_text("\n".join(map(json.dumps, lines)))
    done = main(["check", "--pairs", str(pairs)])
    assert done == 1


def test_check_prints_verdicts_in_order(tmp_path, capsys):
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text(
        '{"id": "a", "claim": "No pneumothorax.", "evidence": ["The lungs are clear without pneumothorax."]}\n'
        '{"id": "b", "claim": "No pleural effusion.", "evidence": "Pleural effusion."}\n'
    )
    assert main(["check", "--pairs", str(pairs)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["id"], line["verdict"], line["error_kind"]) for line in found] == [
        ("a", "supported", None),
        ("b", "contradicted", "negation"),
    ]
    assert found[0]["score"] > 0.5 > found[1]["score"]


def test_measure_and_read(run, tmp_path):
    status, out, _ = run("measure", get_testdata_file("waveform_ecg.dcm"), "--json")
    measured = json.loads(out)
    assert status == 0
    assert measured["modality"] == "ECG"
    assert measured["values"]["heart_rate_bpm"] == pytest.approx(61.1, abs=1)
    assert len(measured["leads"]) == 12

    status, out, _ = run("read", get_testdata_file("waveform_ecg.dcm"), "--json")
    assert status == 0
    (signal, *_) = [record for record in json.loads(out)["records"] if record["kind"] == "signal"]
    assert signal["patient_id"].startswith("P-")  # never the archive's own

    empty = tmp_path / "empty.pdf"
    empty.write_bytes(b"")
    status, out, _ = run("read", empty, "--json")
    assert status == 1
    assert "empty" in json.loads(out)["reason"]


def test_read_is_for_people_too(run, tmp_path):
    ecg = get_testdata_file("waveform_ecg.dcm")
    status, out, _ = run("read", ecg)
    assert status == 0
    assert "1. signal, ECG" in out and "1000 Hz, 10 s" in out
    assert "identifiers removed:" in out

    status, page, _ = run("read", ecg, "--html")
    assert status == 0
    assert 'class="ecg-page"' in page and page.startswith("<!doctype html>")
    target = tmp_path / "page.html"
    assert run("read", ecg, "--html", target)[0] == 0
    assert target.stat().st_mode & 0o077 == 0
    assert 'class="ecg-page"' in target.read_text()

    (tmp_path / "empty.pdf").write_bytes(b"")
    status, page, _ = run("read", tmp_path / "empty.pdf", "--html")
    assert status == 1
    assert "the file is empty" in page
    status, _, told = run("read", ecg, "--html", tmp_path / "none" / "page.html")
    assert status == 2
    assert "can't be written" in told


def test_doctor_finds_the_small_archive_sound(run):
    status, out, _ = run("doctor", "--json")
    assert status == 0
    (examined,) = json.loads(out)["indexes"]
    assert examined["sound"]
    assert {check["name"] for check in examined["checks"]} >= {"files", "orphans", "text recall", "image encoder"}


def test_init_makes_a_workspace_and_leaves_what_is_there(tmp_path, capsys):
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "answer.md").write_text("mine")
    assert main(["init", str(tmp_path)]) == 0
    assert (tmp_path / "prompts" / "answer.md").read_text() == "mine"
    assert (tmp_path / "wardround.toml").exists()
    assert (tmp_path / "eval" / "smoke.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("index", "nowhere.toml"), "nowhere.toml"),
        (("ask", " "), "the question is empty"),
        (("ask", "x", "--file", "gone.png"), "gone.png"),
        (("search", "x", "--index", "other"), "index 'other' is not built (built: chest)"),
        (("ask", "effusion", "--llm", "gpt"), "quote, local or openai"),
        (("search", "--batch", "gone.jsonl"), "gone.jsonl"),
    ],
)
def test_clear_errors_have_status_2_and_print_nothing_on_stdout(run, arguments, said):
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert said in err
    assert "Traceback" not in err


def test_a_setting_of_the_wrong_type_is_named(chest_workspace, tmp_path, run):
    (tmp_path / "wardround.toml").write_text("[retrieve]\nk = 'many'\n")
    status, _, err = run("index", chest_workspace / "data", workspace=tmp_path)
    assert status == 2
    assert "option retrieve.k" in err


def test_a_question_that_names_a_patient_is_not_answered_from_other_patients(run):
    status, out, _ = run("ask", "Does patient MRN-4711 have a pleural effusion?", "--json")
    answer = json.loads(out)
    assert status == 0
    assert answer["abstained"]
    assert "--patient" in answer["reason"]
    assert answer["evidence"] == []


def test_a_question_that_is_read_otherwise_is_told_as_what(run):
    said = [run("ask", question) for question in ("Is there a pleural efusion?", "Is there a pleural effusion?")]
    assert [status for status, _, _ in said] == [0, 0]
    (_, _, told), (_, _, plain) = said
    assert "understood as: Is there a pleural effusion?" in told and "understood as" not in plain


def test_what_the_recording_says_of_itself_comes_before_what_others_have(run, tmp_path):
    import numpy as np
    import wfdb

    wave = np.sin(np.linspace(0, 60, 5000))[:, None] * [1.0, 0.5]
    wfdb.wrsamp(
        "own", fs=500, units=["mV", "mV"], sig_name=["I", "II"], p_signal=wave, fmt=["16", "16"],
        write_dir=str(tmp_path), comments=["Rhythm: Atrial fibrillation.", "Ischemia: lateral wall."],
    )  # fmt: skip
    status, out, _ = run("ask", "Is there ischemia?", "--file", tmp_path / "own.hea", "--json")
    answer = json.loads(out)
    assert status == 0
    first = answer["claims"][0]
    said = "The file's header says: “Ischemia: lateral wall”."
    assert (first["text"], first["verdict"], first["about"]) == (said, "supported", "patient")
    assert not any(claim["text"].startswith("None of") for claim in answer["claims"])


def test_dates_bound_a_search_and_both_days_are_included(run, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    rows = ["name,day,note"] + [f"{day},2020-03-0{day},Cough and fever on day {day}." for day in (1, 2, 3)]
    (data / "rows.csv").write_text("\n".join([*rows, "none,,Cough and fever on some day."]) + "\n")
    recipe = tmp_path / "dated.toml"
    recipe.write_text(
        'name = "dated"\n[[source]]\npath = "data"\nmanifest = "rows.csv"\n'
        '[source.columns]\nid = "name"\ntext = "note"\ntaken_at = "day"\n'
    )
    assert run("index", recipe, workspace=tmp_path)[0] == 0

    def found(*period):
        _, out, _ = run("search", "cough and fever", "--json", *period, workspace=tmp_path)
        return {evidence["external_id"] for evidence in json.loads(out)["evidence"]}

    assert found() == {"1", "2", "3", "none"}
    assert found("--since", "2020-03-02") == {"2", "3"}
    assert found("--until", "2020-03-02") == {"1", "2"}
    assert found("--since", "2020-03-02", "--until", "2020-03-02") == {"2"}
    with pytest.raises(SystemExit) as stopped:
        run("search", "cough", "--since", "March", workspace=tmp_path)
    assert stopped.value.code == 2
