"""Whether a text is language at all, told cheaply and whatever the language."""

from __future__ import annotations

import re

from assistant.wording import worded

_SAMPLE = 50_000  # characters
_WORD = re.compile(r"[^\W\d_]{2,}")
# Scripts that are written without spaces: each sign counts as a word.
_UNSPACED = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{40,}")
_HEX = re.compile(r"(?:[0-9a-f]{2}|[0-9a-f]{4}|[0-9a-f]{8}):?|(?:[0-9A-F]{2}|[0-9A-F]{4}|[0-9A-F]{8}):?")
_LATIN_WORD = re.compile(r"(?<![^\W_])[A-Za-zÀ-ž][a-zß-ž]{3,}(?![^\W_])")
_NAME = re.compile(r"(?<![A-Za-z])(?:[A-Z]?[a-z]{2,}|[A-Z]{2,})(?![A-Za-z])")
_CLEAN = re.compile(
    r"""["'(\[{„“«‚‘*#•>–—-]*                                # opening signs, bullets
        (?:[^\W\d_]+(?:['’./&+-][^\W\d_]+)*[.'’]?            # a word, an abbreviation, "and/or"
         |[<>≤≥=~±+-]*\d+(?:[.,:/x×–-]\d+)*[^\W\d_%°²³/]*%?  # a number, with its unit
         |[-–—|:=+&/*#•<>%±°])                               # a sign of its own
        [.,;:!?)\]}"'”’»*%]*""",
    re.VERBOSE,
)
# The pairs of letters that make up 93 % of those in the stop words and examples of 24 languages in Latin script
# (spaCy's `lang` package, each language weighing the same): by first letter.
_PAIRS = {
    "a": "bcdghijklmnpqrstuvz", "b": "aeiloruy", "c": "aehiou", "d": "aeinoruvz", "e": "abcdeghijklmnprstuvz",
    "f": "aeiort", "g": "aeioruy", "h": "aeiotv", "i": "acdeghijklmnorstuvz", "j": "aeiou", "k": "aeikostu",
    "l": "aeijklostuy", "m": "abeimopsu", "n": "acdegijknostuy", "o": "bcdgijklmnoprstuv", "p": "aeilopru", "q": "u",
    "r": "adeimostu", "s": "aceikopstuvz", "t": "aehiorstuv", "u": "adegilmnoprst", "v": "aeio", "w": "aehi",
    "y": "ael", "z": "aeio",
}  # fmt: skip
_COMMON = frozenset(first + second for first, seconds in _PAIRS.items() for second in seconds)
# Chosen on every other text of reports, notes, patient leaflets and 24 languages against base64, hexadecimal dumps,
# random letters and signs and damaged text recognition, and measured on the others (benchmarks/language.py).
_FEWEST_PAIRS = 25
_LEAST_COMMON = 0.65  # share of common pairs; of letters at random 0.37 are
_FEWEST_TOKENS = 6
_LEAST_CLEAN = 0.60  # share of words and numbers among what stands between spaces
_MOST_ENCODED = 0.5  # share of the signs that stand in unbroken runs of 40 or more
_MOST_HEX = 0.6


def has_language(text: str, *, brief: bool = False) -> bool:
    """Whether a page or a passage says anything: three different words at least, and they are words.

    `brief` leaves out the tests that need a longer text.
    """
    sample = text[:_SAMPLE]
    return _too_little(sample, words=3) is None and (brief or _no_words(sample) is None)


def no_language(text: str) -> str | None:
    """Why a text says nothing ("holds no readable language (…)"), None for one that does.

    At least a word of four letters or two of two, a quarter of the signs letters; no base64 or hexadecimal dump; pairs
    of letters as languages in Latin script have them; and words rather than signs between the spaces.
    """
    sample = text[:_SAMPLE]
    reason = _too_little(sample, words=2) or _no_words(sample)
    return worded("holds no readable language ({reason})", reason=reason) if reason else None


def _too_little(text: str, words: int) -> str | None:
    found = {word.lower() for word in _WORD.findall(text)}
    enough = len(found) >= words or (words < 3 and any(len(word) >= 4 for word in found))
    if not enough and len(set(_UNSPACED.findall(text))) < 4:
        return "hardly a word"
    signs = "".join(text.split())
    if sum(map(str.isalpha, signs)) < 0.25 * len(signs):
        return "mostly digits and signs"
    return None


def _no_words(text: str) -> str | None:
    tokens = text.split()
    length = sum(map(len, tokens))
    runs = (run for token in tokens if len(token) >= 40 and not _is_place(token) for run in _ENCODED.findall(token))
    if sum(map(len, runs)) > _MOST_ENCODED * length:
        return "it looks like an encoded file, base64 or hexadecimal"
    if len(tokens) < _FEWEST_TOKENS:
        return None
    coded = [token for token in tokens if _HEX.fullmatch(token)]
    if len(coded) > _MOST_HEX * len(tokens) and re.search("[a-fA-F]", "".join(coded)):
        return "it looks like a hexadecimal dump"
    if common_pairs(text) < _LEAST_COMMON:
        return "letters in no order of a language"
    if clean_tokens(tokens) < _LEAST_CLEAN:
        return "more stray signs than words, as text recognition leaves them"
    return None


def _is_place(token: str) -> bool:
    """Whether an unbroken run is a path or a web address: words make up half of its letters and digits.

    Of 20,000 random runs of 40 signs of base64, five pass for one; of 20,000 runs of 60 signs, none.
    """
    signs = sum(map(str.isalnum, token))
    return 2 * sum(map(len, _NAME.findall(token))) > signs


def common_pairs(text: str) -> float:
    """The share of common pairs among those in words of four Latin letters or more; 1 where there are too few."""
    words = (word.lower() for word in _LATIN_WORD.findall(text))
    pairs = [pair for word in words for pair in map(str.__add__, word, word[1:])]
    return (
        sum(pair in _COMMON or not pair.isascii() for pair in pairs) / len(pairs)
        if len(pairs) >= _FEWEST_PAIRS
        else 1.0
    )


def clean_tokens(tokens: list[str]) -> float:
    """The share of tokens that are a word, a number or a sign of their own; writing without spaces is clean."""
    return sum(bool(_CLEAN.fullmatch(token) or _UNSPACED.search(token)) for token in tokens) / max(1, len(tokens))
