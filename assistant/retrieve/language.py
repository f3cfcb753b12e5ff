"""The language of a question, where it is plainly not English, and what to do where only English is understood.

The classifier is naive Bayes over bytes (Lui & Baldwin 2012): the model of the package py3langid, read as data. Among
34 languages written by many: of the 97 of the model, Latin and small ones are what short English questions full of
Greek and Latin terms are taken for. How good it is: docs/retrieval.md.
"""

from __future__ import annotations

import io
import logging
import lzma
import math
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import WeightsMissing
from assistant.wording import joined, worded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

MODEL = "py3langid"
ENGLISH = "en"
# As a question's language is named; the wordings of the page are looked up by these.
LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "nn": "Norwegian", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
# Chosen on every other of 6,628 English medical questions and of 110 short ones in German and 12 other languages, and
# measured on the others (benchmarks/question_language.py).
_LEAST_SHARE = 0.6  # of the probability, for the language itself
_LEAST_RATIO = 20.0  # against English
_FEWEST_WORDS = 2  # of Latin letters; one alone may be a term or a name
_FEWEST_WORDS_OF_A_FILE = 20  # a table of values or a line of codes is in no language
_WORD = re.compile(r"[^\W\d_]+")
_LAST_LATIN = "\u024f"
_LONGEST = 2_000  # characters that are looked at


@dataclass(frozen=True, slots=True)
class _Identifier:
    """The model, narrowed to `LANGUAGES`: an automaton over bytes that counts features, and what each tells."""

    codes: tuple[str, ...]
    weights: NDArray[np.float32]  # (features, languages)
    priors: NDArray[np.float32]  # (languages,)
    next_state: array[int]  # rows of 256
    row_of: array[int]  # of each state, as an offset into next_state
    feature_of: array[int]  # of each state, -1 for none

    @classmethod
    def open(cls, path: Path) -> _Identifier:
        import numpy as np

        with np.load(io.BytesIO(lzma.decompress(path.read_bytes())), allow_pickle=False) as data:
            chosen = [n for n, code in enumerate(data["classes"].tolist()) if code in LANGUAGES]
            return cls(
                tuple(data["classes"][chosen].tolist()),
                data["ptc"][:, chosen].astype(np.float32),
                data["pc"][chosen].astype(np.float32),
                _array("I", data["nextmove"]),
                _array("I", data["nextmove_row"].astype(np.uint32) << 8),
                _array("i", data["out_feat"]),
            )

    def shares(self, text: str) -> dict[str, float]:
        """The probability of each language, of all together 1; the longer a text, the surer."""
        import numpy as np

        data = unicodedata.normalize("NFC", text.lower() if text.isupper() else text).encode("utf-8", "replace")
        state, counts = 0, Counter[int]()
        for byte in data:
            state = self.next_state[self.row_of[state] + byte]
            if self.feature_of[state] >= 0:
                counts[self.feature_of[state]] += 1
        if not counts:
            return {}
        seen, often = np.array(list(counts)), np.array(list(counts.values()), np.float32)
        scores = (np.log1p(often) @ self.weights[seen] + self.priors) / math.sqrt(len(data))
        likely = np.exp(scores - scores.max())
        shares: dict[str, float] = {}
        for code, share in zip(self.codes, (likely / likely.sum()).tolist(), strict=True):
            shares[code] = shares.get(code, 0.0) + share  # a language in two scripts is there twice
        return shares


def foreign_language(question: str, *, fetch: bool = True) -> str:
    """The code of the language ("de") of a question that is plainly not in English; "" for any other.

    Terms and names alone ("pneumothorax?", "Ménière disease") are of no language: it must be told with and without
    accents. Where the model is not on this machine and can't be fetched, nothing is told.
    """
    text = question[:_LONGEST]
    if len(_WORD.findall(text)) < _FEWEST_WORDS and all(sign <= _LAST_LATIN for sign in text):
        return ""
    identifier = _identifier(fetch)
    if identifier is None:
        return ""
    shares, plain = identifier.shares(text), identifier.shares(_without_accents(text))
    best = max(shares, key=lambda code: shares[code], default=ENGLISH)
    if best == ENGLISH or shares[best] < _LEAST_SHARE or max(plain, key=lambda code: plain[code]) == ENGLISH:
        return ""
    surely = all(max(told.values()) >= _LEAST_RATIO * told.get(ENGLISH, 0.0) for told in (shares, plain))
    return best if surely else ""


def files_not_understood(texts: Iterable[str], *, fetch: bool = True) -> str:
    """What a reader is told where uploaded `texts` are plainly not in English: findings are read, and sentences
    checked, by rules for English, so that what was not found in such a text may well stand in it."""
    long = (text for text in texts if len(_WORD.findall(text[:_LONGEST])) >= _FEWEST_WORDS_OF_A_FILE)
    languages = dict.fromkeys(filter(None, (foreign_language(text, fetch=fetch) for text in long)))
    told = (
        worded(
            "An uploaded text seems to be in {language}. Texts are understood in English only: it is quoted where "
            "words agree, and what was not found may stand in it all the same. Read the text itself.",
            language=LANGUAGES[language],
        )
        for language in languages
    )
    return joined(list(told), " ")


def not_understood(language: str, encoders: Iterable[str], model: str) -> str:
    """What a reader is told of a question in a `language` (a code, "" for English) where parts understand English
    alone: text `encoders` by their names, and a `model` ("" where it may understand others)."""
    names = ", ".join(dict.fromkeys(encoders))
    if not language or not (names or model):
        return ""
    told = worded("The question seems to be in {language}.", language=LANGUAGES[language])
    if names:
        what = worded(
            "The archive is searched by a text encoder that understands English ({names}): ask in English, or set a "
            "multilingual encoder (embed.text) and model (llm.name) and build the archive again.",
            names=names,
        )
    else:
        what = worded(
            "The language model understands English ({model}): ask in English, or set a multilingual one (llm.name).",
            model=model,
        )
    return joined([told, what], " ")


@cache
def _identifier(fetch: bool) -> _Identifier | None:
    """None where the model is not here; it is not looked for again."""
    from assistant.weights import locate

    try:
        return _Identifier.open(locate(MODEL, fetch))
    except WeightsMissing as error:
        log.warning("the language of questions is not told: %s", error)
        return None


def _array(kind: str, values: NDArray[Any]) -> array[int]:
    """Whole numbers of 32 bits as an array of Python's own, which a loop reads several times faster than numpy's."""
    found: array[int] = array(kind)
    found.frombytes(values.astype(kind).tobytes())
    return found


def _without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
