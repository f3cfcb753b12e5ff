"""Each shipped mapping on a few lines in its set's format; the content is invented. And what all of them promise."""

from pathlib import Path

import pytest
from lines_of_pictures_and_signals import PICTURES_AND_SIGNALS
from lines_of_texts import TEXTS

from assistant.evaluate.mapping import archive_rows, find_mapping, map_cases
from assistant.evaluate.mapping.library import SHIPPED

NAMES = sorted(path.stem for path in SHIPPED.glob("*.toml"))
LINES = PICTURES_AND_SIGNALS | TEXTS


def write(folder: Path, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize("name", NAMES)
def test_a_set_in_its_own_format_becomes_cases(name, tmp_path):
    files, expected = LINES[name]
    write(tmp_path, files)
    made = map_cases(find_mapping(name, tmp_path), tmp_path)
    found = {case.id: case.model_dump(exclude_defaults=True) for case in made}
    assert set(found) == set(expected)
    for case, fields in expected.items():
        assert {key: found[case].get(key) for key in fields} == fields, case


@pytest.mark.parametrize("name", NAMES)
def test_a_mapping_says_whence_and_how_well_it_is_known(name):
    mapping = find_mapping(name, Path("nowhere"))
    assert mapping.source.startswith("http")
    assert len(mapping.get) > 20
    assert mapping.licence
    assert mapping.known_note or mapping.known_from == "files"  # what was not read here says what was


def test_the_impression_is_in_no_archive(tmp_path):
    write(tmp_path, LINES["iu_xray"][0])
    held = list(archive_rows(find_mapping("iu_xray", tmp_path), tmp_path))
    assert [row["id"] for row in held] == ["CXR1", "CXR2"]
    assert not any("Old." in row["text"] for row in held)
