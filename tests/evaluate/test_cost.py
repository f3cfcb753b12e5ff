"""What a case took."""

from assistant.evaluate.log import Sample
from assistant.evaluate.score.cost import score_cost
from assistant.records import Answer, Claim, Draft, Evidence, PromptUse

PIECES = tuple(Evidence(f"e{n}", f"r{n}", "text", "DOC", "knowledge", "x", None, 1.0, n < 2, "") for n in range(3))


def test_seconds_contexts_claims_and_tokens_of_an_answer():
    """ "Aspirin helps." has 7 letters (2 tokens), 5 letters (1) and a stop (1)."""
    claims = (Claim("Aspirin helps.", "general", "supported"),)
    given = Answer("?", claims, PIECES, False, "", "test", "answer", prompt_use=PromptUse(321))
    assert score_cost(Sample("x", answer=given, seconds={"solve": 1.5})) == {
        "seconds": (1.5, 1),
        "contexts": (2, 1),
        "claims": (1, 1),
        "reply_tokens": (4, 1),
        "prompt_tokens": (321, 1),
    }


def test_without_a_prompt_without_claims_and_without_writing():
    abstained = Answer("?", (), PIECES, True, "nothing", "quote", None)
    assert score_cost(Sample("x", answer=abstained)) == {"contexts": (2, 1), "claims": (0, 1), "reply_tokens": (0, 1)}
    assert score_cost(Sample("x", draft=Draft("s", (), PIECES)))["contexts"] == (2, 1)
    assert score_cost(Sample("x", measured={}, seconds={"solve": 0.5})) == {"seconds": (0.5, 1)}
