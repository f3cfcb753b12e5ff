"""How many tokens a text takes, told without the model's own tokenizer: rather too many than too few."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Za-z]+|\d|\n|[^\sA-Za-z0-9]")
_LETTERS = 5  # of a word that make one token: clinical words are cut more finely than everyday ones


def estimate_tokens(text: str) -> int:
    """The tokens of a text, estimated: one for each digit, sign and line, one for every five letters of a word.

    Against SmolLM2's tokenizer over reports, questions, abstracts and templates it gives 0.86 to 1.4 times the tokens.
    """
    return sum(-(-len(piece) // _LETTERS) if piece.isalpha() else 1 for piece in _PIECE.findall(text))
