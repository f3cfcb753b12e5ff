"""In which language a question is, and what a reader is told where only English is understood."""

import pytest

from assistant.assistant import Assistant
from assistant.embed.registry import languages_of
from assistant.generate.answerers import languages_of as languages_of_model
from assistant.retrieve.language import LANGUAGES, files_not_understood, foreign_language, not_understood
from assistant.settings import LlmSettings

OF_OTHERS = {
    "Liegt ein Pleuraerguss vor?": "de",
    "welche medikamente nimmt der patient": "de",
    "Quels sont les effets secondaires de la metformine ?": "fr",
    "¿Cuáles son los efectos secundarios de la metformina?": "es",
    "Quali sono gli effetti collaterali della metformina?": "it",
    "Wat zijn de bijwerkingen van metformine?": "nl",
    "Есть ли плевральный выпот?": "ru",
    "有胸腔积液吗?": "zh",
}
OF_ENGLISH_OR_NONE = [
    "Is there a pleural effusion?", "What rhythm is this?", "How to switch from amlodipine to atenolol?",
    "Is eculizumab effective for Guillain-Barré syndrome?", "Does bronchitis turn into pneumonia?", "Pneumothorax?",
    "Diabetes mellitus", "Ulcus ventriculi", "situs inversus", "Ménière disease", "Sjögren syndrome", "P. falciparum",
    "QTc", "", "?!", "E. coli O157",
]  # fmt: skip


@pytest.mark.parametrize("question", OF_OTHERS)
def test_a_question_in_another_language_is_told(question):
    assert foreign_language(question) == OF_OTHERS[question]


@pytest.mark.parametrize("question", OF_ENGLISH_OR_NONE)
def test_english_and_bare_terms_are_of_no_other_language(question):
    assert foreign_language(question) == ""


def test_without_its_model_nothing_is_told(monkeypatch, tmp_path):
    from assistant.retrieve import language
    from assistant.weights import WEIGHTS

    language._identifier.cache_clear()
    monkeypatch.setattr("assistant.weights._installed", lambda *_: None)
    monkeypatch.setenv("WARDROUND_CACHE", str(tmp_path))
    assert foreign_language("Liegt ein Pleuraerguss vor?", fetch=False) == ""
    language._identifier.cache_clear()
    assert language.MODEL in {entry.name for entry in WEIGHTS}


def test_who_understands_english_alone_says_so():
    assert languages_of("minilm-int8") == languages_of("minilm-w8a8") == ("en",)
    assert languages_of("sentence-transformers:multilingual-e5-small") == ()
    assert languages_of_model(LlmSettings(name="local")) == ("en",)
    assert languages_of_model(LlmSettings(name="quote")) == languages_of_model(LlmSettings(name="openai")) == ()


def test_a_reader_is_told_what_to_do():
    told = not_understood("de", ["minilm-int8"], "")
    assert told.startswith("The question seems to be in German. ") and "(minilm-int8): ask in English" in told
    assert "embed.text" in told and "llm.name" in told
    assert "(local)" in not_understood("fr", [], "local") and "French" in not_understood("fr", [], "local")
    assert not_understood("de", [], "") == not_understood("", ["minilm-int8"], "local") == ""
    assert all(LANGUAGES.values())


BRIEF = """Entlassungsbrief

Anamnese
Die Patientin stellte sich mit zunehmender Luftnot und Beinödemen vor. Thoraxschmerzen bestanden nicht.

Befunde
Röntgen Thorax: kleiner Pleuraerguss links. Kein Pneumothorax. Kreatinin 1,4 mg/dl.
"""


def test_files_in_another_language_are_told_once_and_english_or_short_ones_not():
    told = files_not_understood([BRIEF, BRIEF])
    assert told.startswith("An uploaded text seems to be in German.") and told.count("German") == 1
    english = "The patient came with breathlessness and ankle swelling. There was no chest pain. " * 3
    table = "Natrium 140 mmol/l\nKalium 4,1 mmol/l\nKreatinin 1,4 mg/dl\n"
    assert files_not_understood([english, table, ""]) == ""


def test_an_answer_on_a_german_letter_says_that_it_may_have_missed_what_stands_there(chest_workspace, tmp_path):
    """Only "nothing was found" was said of an effusion that the letter states."""
    letter = tmp_path / "brief.txt"
    letter.write_text(BRIEF, encoding="utf-8")
    assistant = Assistant.open(chest_workspace)
    missed = assistant.ask("Is there a pleural effusion?", files=[letter])
    quoted = assistant.ask("Is there a pneumothorax?", files=[letter])
    assert "may stand in it all the same" in (missed.reason if missed.abstained else missed.notice)
    assert [claim.text for claim in quoted.claims] == ["Kein Pneumothorax."]
    assert "seems to be in German" in quoted.notice
