"""What is wrong in a TOML file is told with the file and the key, whoever reads it."""

import pytest

from assistant.errors import RecipeError, WardroundError
from assistant.evaluate.dataset import load_suite
from assistant.evaluate.mapping.scheme import load_mapping
from assistant.evaluate.matrix import load_matrix
from assistant.generate.profiles import profile_of
from assistant.ingest.recipe import load_recipe
from assistant.settings import LlmSettings, load_settings
from assistant.toml_file import read_toml

READERS = {"suite": load_suite, "mapping": load_mapping, "matrix": load_matrix, "recipe": load_recipe}


@pytest.mark.parametrize("what", READERS)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such {what}"),
        ("[", "not valid TOML"),
        ("name = 'x'\ncolour = 'red'\n", "there is no such option|is missing|either cases"),
    ],
)
def test_every_reader_names_the_file_and_what_is_wrong(tmp_path, what, text, said):
    path = tmp_path / "x.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RecipeError, match=rf"x\.toml: .*({said.format(what=what)})"):
        READERS[what](path)


def test_entries_of_a_list_are_counted_from_one(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("name = 'x'\n[[source]]\npath = '.'\n[[source]]\npath = '.'\ncolour = 'red'\n")
    with pytest.raises(RecipeError, match=r"x\.toml: source\.2\.colour: there is no such option"):
        load_recipe(path)


def test_a_folder_and_what_is_no_text_are_told(tmp_path):
    with pytest.raises(RecipeError, match="a folder, not a TOML file"):
        read_toml(tmp_path, "gone")
    (tmp_path / "wardround.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(WardroundError, match=r"wardround\.toml: not valid TOML"):
        load_settings(tmp_path)


def test_a_profile_of_ones_own_names_its_key(tmp_path):
    (tmp_path / "own.toml").write_text("images = 'many'\n")
    with pytest.raises(WardroundError, match=r"own\.toml: images: "):
        profile_of(LlmSettings(profile=str(tmp_path / "own.toml")))
