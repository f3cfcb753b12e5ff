"""Mappings on the sets themselves, where this machine has them: how many cases of each kind, and what some say."""

from collections import Counter
from pathlib import Path

import pytest

from assistant.evaluate.mapping import find_mapping, map_cases
from assistant.evaluate.mapping.wfdb_rows import intervals

# counts are those that the sets' own pages give, or that were counted in their files by other means
COUNTS = {
    "medhallu": ("medhallu", {"own": 1000, "other": 1000}),
    "kqa": ("kqa", {"questions": 128, "labels": 233}),
    "bioasq": ("bioasq_retrieval", {"retrieval": 1490, "yesno": 406, "factoid": 417, "summary": 610}),
    "beir": ("bioasq_retrieval", {"retrieval": 1490}),
    "faithbench": ("faithbench", {"summaries": 261 + 37 + 114}),
    "medec": ("medec", {"sentences": 3970, "pairs": 2 * 319}),
    "pubmedqa": ("pubmedqa", {"decision": 500, "conclusion": 500, "archive": 500}),
    "medquad": ("medquad", {"retrieval": 5588, "answers": 5588}),
    "liveqa": ("liveqa_medquad_retrieval", {"answerable": 22, "unanswerable": 26}),
    "medmcqa": ("medical_mcq", {"archive": 4183, "explained": 2206}),
    "mmlu": ("medical_mcq", {"archive": 1089}),
    "radfact": ("radfact_nli", {"sentences": 79}),
    "covid_chestxray": ("covid_chestxray", {"similar": 119, "notes": 101, "drafts": 101}),
    "nih_chestxray14": ("nih_cxr64", {"similar": 645 - 349}),
    "ludb": ("ludb_ecg", {"measure": 120, "rhythm": 120, "fibrillation": 120, "similar": 120 - 86, "drafts": 120}),
    "challenge2021": ("challenge2021_ecg", {"rhythm": 10, "fibrillation": 10}),
}


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_whole_set(name, data_dir):
    folder, counts = COUNTS[name]
    if not (data_dir / folder).is_dir():
        pytest.skip(f"{folder} is not below WARDROUND_DATA")
    cases = map_cases(find_mapping(name, Path()), data_dir / folder)
    assert Counter(case.tags["kind"] for case in cases) == counts
    assert all((data_dir / folder / file).is_file() for case in cases for file in case.files)


def test_reports_of_open_i_withhold_their_impression(data_dir):
    if not (data_dir / "iu_xray_reports").is_dir():
        pytest.skip("iu_xray_reports is not below WARDROUND_DATA")
    cases = map_cases(find_mapping("iu_xray", Path()), data_dir / "iu_xray_reports", ["impression", "findings"])
    assert sum(case.tags["kind"] == "impression" for case in cases) == 2549
    assert all("IMPRESSION" not in text for case in cases for text in case.context)
    fluid = [case for case in cases if case.tags.get("finding") == "Pleural Effusion"]
    assert 0.02 < sum(case.reference.choice == 0 for case in fluid) / len(fluid) < 0.2


def test_intervals_of_wave_marks():
    """Two beats 800 ms apart at 500 Hz: P onset at 100, QRS 180 to 230, T end at 400 samples."""
    beat = [(100, "("), (115, "p"), (130, ")"), (180, "("), (200, "N"), (230, ")"), (320, "("), (360, "t"), (400, ")")]
    lead = beat + [(at + 400, kind) for at, kind in beat]
    no_p = [mark for mark in lead if not 100 <= mark[0] % 400 <= 130]
    expected = {"qrs_ms": 100.0, "qt_ms": 440.0, "heart_rate_bpm": 75.0}
    assert intervals([lead], 500) == {"pr_ms": 160.0, **expected}
    assert intervals([no_p], 500) == expected
    assert intervals([], 500) == {}
