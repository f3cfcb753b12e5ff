import stat

import pytest

from assistant.errors import WardroundError
from assistant.pseudonyms import Pseudonyms


def test_the_same_id_gives_the_same_pseudonym_and_namespaces_keep_patients_apart(tmp_path):
    first = Pseudonyms.of(tmp_path).patient("4711", "chest")
    again = Pseudonyms.of(tmp_path)
    assert again.patient("4711", "chest") == first
    assert again.patient(" 4711 ", "chest") == first
    assert again.patient("4711", "ecg") != first
    assert again.study("4711", "chest")[2:] != first[2:]
    assert "4711" not in first


def test_another_workspace_gives_other_pseudonyms(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert Pseudonyms.of(tmp_path / "a").patient("1", "") != Pseudonyms.of(tmp_path / "b").patient("1", "")


def test_the_key_is_readable_by_its_owner_alone(tmp_path):
    Pseudonyms.of(tmp_path)
    key = tmp_path / ".keys" / "pseudonym.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_a_damaged_key_is_refused_and_not_replaced(tmp_path):
    Pseudonyms.of(tmp_path)
    key = tmp_path / ".keys" / "pseudonym.key"
    key.write_bytes(b"short")
    with pytest.raises(WardroundError, match=r"has 5 bytes instead of 32; restore it from a backup"):
        Pseudonyms.of(tmp_path)
    assert key.read_bytes() == b"short"
