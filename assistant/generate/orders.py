"""Sentences of a document that give orders to a machine: they are no evidence, and no model gets to see them.

A report states, an order commands; a sentence that addresses a language model, overrides its rules, dictates its
answer, asks for its prompt or imitates a chat's markup is taken out before a prompt is made and before anything is
verified. It is a filter of words: what it misses meets the fence and the verifier, which do not depend on it
(docs/answers.md says how often that is).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from assistant.findings import sentence_spans
from assistant.records import Evidence
from assistant.wording import joined

LEFT_OUT = "sentences in it that give orders to a machine were left out"

_MACHINE = (
    r"(?:AI(?:\s+(?:system|model|assistant))?|(?:large\s+)?language\s+model|LLM|chat\s?bots?|chatgpt|\w*gpt"
    r"|(?:dear|the|this|an?)\s+assistant|automated\s+readers?|(?:to|for|of)\s+the\s+(?:model|system|assistant)|the\s+model)"
)
_ANSWER = r"(?:answer|reply|repl(?:y|ies)|respon(?:d|se)|output|print|summary|say|state|write|report|repeat)"
_ORDERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # override
        r"\b(?:ignore|disregard|forget|override|do\s+not\s+follow|stop\s+following)\b\W+(?:\w+\W+){0,5}?"
        r"(?:instructions?|rules?|prompts?|guidelines\s+above|findings\s+above|current\s+patient|previous|above|rest\s+of)",
        r"\b(?:ignorier\w*|vergiss|vergessen\s+sie|oublie\w*|ignore[sz]?|olvid\w+|ignora\w*|dimentica\w*|negeer)\b.{0,40}"
        r"\b(?:Anweisung\w*|Regeln|instructions|consignes|instrucciones|reglas|istruzioni|instructies)\b",
        r"\b(?:new|real|actual)\s+(?:rules?|instructions?|task)\b.{0,30}(?::|\bis\s+to\b)|\bend\s+of\s+(?:evidence|data|context)\b",
        r"\boverride\s*!|\b(?:developer|jailbreak|god|debug)\s+mode\b",
        # a role
        r"\byou\s+(?:are\s+now|now\s+(?:answer|act)|will\s+now|can\s+only\s+say|must\s+(?:report|say|answer|state|write))\b",
        r"\bfrom\s+now\s+on\b.{0,20}\b(?:you|act)\b|\bact\s+as\s+(?:a|an|if)?\s*\w*gpt|\bstay\s+in\s+character\b"
        r"|\b(?:let\s+us|let's)\s+play\s+a\s+game\b|\byou\s+are\s+an?\s+(?:parrot|AI|assistant|chatbot)\b",
        # the answer dictated
        r"\b(?<!the\s)(?:answer|reply|respond|output|print|say|write|repeat|antworte\w*|réponds|répondez|responde)\s+(?:\w+\s+){0,4}?(?:only|just|exactly|nothing\s+else"
        r"|with\s+the\s+word|nur|uniquement|solo|solamente)\b",
        r"\b(?:your|its|every|each|the\s+(?:correct|only))\s+(?:\w+\s+)?(?:answer|reply|response|summary|output)s?\b.{0,40}"
        r"\b(?:must|should|shall|has\s+to|contains?|is\s+that|be\s+about|begins?|before)\b",
        r"\b(?:begin|start|end)\s+your\s+(?:answer|reply|response)\b|\bas\s+your\s+(?:\w+\s+)?(?:answer|reply|response)\b",
        rf"\bin\s+(?:your|its)\s+(?:answer|reply|response|summary|output)\b|\bas\s+the\s+only\s+{_ANSWER}\b",
        r"\b(?:answer|reply|respond)\s+(?:that|with|always)\b|\b(?:when|if)\s+asked\b.{0,60}\b(?:respond|answer|reply|say)\b",
        r"\balways\s+(?:answers?|repl(?:y|ies)|responds?)\b|\btell\s+the\s+reader\b|\bdo\s+not\s+mention\s+that\b"
        r"|\byou\s+(?:would|will|should)\s+(?:then\s+)?(?:answer|reply|respond|be\s+(?:rewarded|shut))",
        # a machine addressed
        rf"\b{_MACHINE}\b.{{0,60}}\b(?:must|should|shall|has\s+to|is\s+to|prints?|names?|only|disregard|ignore|output|answer)\b",
        rf"\b(?:note|instruction|message|order|command|correction|for)\W+(?:to|for|the)\W+(?:\w+\s+)?{_MACHINE}\b",
        rf"\bfor\s+the\s+(?:language\s+model|model|AI|assistant)\s+only\b|\border\s+the\s+{_MACHINE}|\b{_MACHINE}\s*:",
        # the prompt asked for
        r"\b(?:repeat|print|reveal|show|translate|copy|output)\b.{0,30}\b(?:system\s+prompt|your\s+(?:prompt|rules|instructions)"
        r"|(?:rules|instructions)\s+(?:that\s+)?you)\b",
        # a chat's markup
        r"<\s*\|?\s*/?\s*(?:data|system|im_start|im_end|start_of_turn|end_of_turn|assistant|instructions?)\b|\[/?INST\]|<!--"
        r"|<<\s*/?SYS|^\s*(?:system|assistant|user)\s*:|```\s*system|[\"']role[\"']\s*:\s*[\"'](?:system|assistant|user)"
        r"|\brelation\s*=\s*[\"']own|\bid\s*=\s*[\"']E\d",
    )
)


def gives_orders(sentence: str) -> bool:
    """Whether a sentence commands a machine, hidden letters and look-alikes taken into account."""
    plain = _plain(sentence)
    return any(order.search(plain) for order in _ORDERS)


def without_orders(text: str) -> str:
    """The text without its sentences that give orders to a machine; unchanged where there is none."""
    if not gives_orders(text):
        return text
    kept = [text[start:end] for start, end in sentence_spans(text) if not gives_orders(text[start:end])]
    left = "\n".join(kept)
    return "" if gives_orders(left) else left  # an order over several sentences, of which none is one alone


def harmless(piece: Evidence) -> Evidence:
    """The evidence without orders in its text, title and labels; `why` then says so."""
    title = None if piece.title and gives_orders(piece.title) else piece.title
    section = None if piece.section and gives_orders(piece.section) else piece.section
    labels = {name: value for name, value in piece.labels.items() if not gives_orders(f"{name} {value}")}
    text = without_orders(piece.text) or ("" if piece.kind == "text" else f"{piece.modality} {piece.kind}")
    if (text, title, section, len(labels)) == (piece.text, piece.title, piece.section, len(piece.labels)):
        return piece
    return replace(piece, text=text, title=title, section=section, labels=labels, why=joined([piece.why, LEFT_OUT]))


def _plain(text: str) -> str:
    """The text as a model reads it: compatible letters, nothing that can't be seen."""
    seen = unicodedata.normalize("NFKC", text)
    return "".join(c for c in seen if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))
