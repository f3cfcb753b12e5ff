"""What an answer rests on: a short article comes whole, whichever passage of it was found."""

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings

BACKGROUND = (
    "Background: Colchicine is an old drug, and whether colchicine prevents pericarditis after heart surgery has been "
    "asked for decades. Small trials disagree, doses differ, and guidelines are silent on colchicine before surgery. "
    "Pericarditis after heart surgery prolongs the stay, and no drug is licensed to prevent it."
)
METHODS = "Methods: " + "Adults before planned surgery were assigned by chance and seen again at fixed visits. " * 12
RESULTS = "Conclusions: Colchicine prevents pericarditis after heart surgery: 8% had it with the drug, 21% without."
ARTICLE = f"{BACKGROUND}\n\n{METHODS.strip()}\n\n{RESULTS}\n"
OF_BACKGROUND = "Do small trials of colchicine for pericarditis disagree, and are guidelines silent on doses?"
QUESTION = "Does colchicine prevent pericarditis after heart surgery?"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    workspace = tmp_path_factory.mktemp("library")
    articles = workspace / "articles"
    articles.mkdir()
    (articles / "colchicine.txt").write_text(ARTICLE)
    (articles / "gout.txt").write_text("Gout is a form of arthritis. Uric acid crystals are found in the joint.\n")
    recipe = workspace / "indexes" / "articles.toml"
    recipe.parent.mkdir()
    recipe.write_text('name = "articles"\n[[source]]\npath = "../articles"\n')
    Assistant.build(recipe)
    return workspace


def first(assistant, of):
    return next(piece for piece in of(assistant, OF_BACKGROUND).evidence if "Colchicine" in piece.text)


def searched(assistant, question):
    return assistant.search(question)


def asked(assistant, question):
    return assistant.evidence_for(assistant.query(question))


def test_a_search_finds_a_passage_and_an_answer_has_the_whole_of_it(library):
    assistant = Assistant.open(library)
    found = first(assistant, searched)
    assert BACKGROUND in found.text and RESULTS not in found.text
    whole = first(assistant, asked)
    assert whole.kept and whole.text.strip() == ARTICLE.strip() and whole.score == found.score
    assert (whole.place.start, whole.place.end) == (0, len(whole.text))


def test_a_longer_text_stays_in_passages(library):
    settings = Settings()
    short = settings.model_copy(update={"retrieve": settings.retrieve.model_copy(update={"whole_text_chars": 500})})
    assert RESULTS not in first(Assistant.open(library, settings=short), asked).text


def test_what_was_found_is_in_the_answer(library):
    answer = Assistant.open(library).ask(QUESTION)
    assert any("8%" in claim.text and claim.verdict == "supported" for claim in answer.claims)
