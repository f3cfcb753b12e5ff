from pathlib import Path

import pytest

from assistant.errors import WardroundError
from assistant.settings import Settings, load_settings, settings_table

DOCS = Path(__file__).parent.parent / "docs" / "settings.md"


def test_every_option_is_documented_and_the_page_is_up_to_date():
    for group, field in Settings.model_fields.items():
        for name, option in type(field.default).model_fields.items():
            assert option.description, f"{group}.{name}"
    assert settings_table() in DOCS.read_text(encoding="utf-8")


def test_the_file_is_read_and_the_environment_wins(tmp_path, monkeypatch):
    assert load_settings(tmp_path) == Settings()
    (tmp_path / "wardround.toml").write_text('[llm]\nname = "openai"\nmodel = "a"\n[retrieve]\nk = 5\n')
    monkeypatch.setenv("WARDROUND_LLM__MODEL", "b")
    monkeypatch.setenv("WARDROUND_DATA", "/somewhere")  # no setting, and no error
    settings = load_settings(tmp_path)
    assert (settings.llm.name, settings.llm.model, settings.retrieve.k) == ("openai", "b", 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[llm]\nmodle = 'x'\n", "option llm.modle: Extra inputs"),
        ("[retrieve]\nk = 'many'\n", "option retrieve.k"),
        ("[verify]\nunsupported = 'hide'\n", "option verify.unsupported"),
        ("[llm\n", "not valid TOML"),
    ],
)
def test_a_wrong_option_is_named_with_its_file(tmp_path, text, said):
    (tmp_path / "wardround.toml").write_text(text)
    with pytest.raises(WardroundError, match=r"wardround\.toml") as error:
        load_settings(tmp_path)
    assert said in str(error.value)
