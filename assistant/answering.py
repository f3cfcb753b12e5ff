"""Around an answer: what earlier turns and uploads bring along, the sentences as they are written and judged, what a
prompt left out, what is said where too little is left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.errors import ModelUnavailable
from assistant.records import Answer, Claim, Evidence, Image, Kind, PromptUse, Record, SearchResult, Statement
from assistant.settings import Settings
from assistant.wording import joined, worded

if TYPE_CHECKING:
    from assistant.assistant import Assistant, Step
    from assistant.counting import Counting
    from assistant.generate import Answerer, Context, Exchange, Standalone, TakenOver, Task
    from assistant.retrieve.query import Upload

CLOSEST = 3  # pieces of evidence that an abstention offers
LEAST_WORDS = 3  # of a text among them
_PLACEHOLDERS = re.compile(r"X{2,}|\[[a-z ]+\]|^\W*\w+:")
_SAID = re.compile(r"[^\W\d_]{2,}")
READ_TEXTS_ALONE = frozenset({"quote", "local"})
NOT_ON_RECORDING = "Neither what is measured on the recording nor what was found in its file answers this."
ONLY_TO_SEE = (
    "Studies like the upload were found, but no report and no label of theirs says what they show: they can only be "
    "looked at."
)
NOT_READ = (
    "The uploaded picture itself was not read: the answerer that is set up reads texts alone, and no report came with "
    "it. What is told of other studies is about other patients."
)


@dataclass(frozen=True, slots=True)
class PastTurn:
    """An earlier turn of a conversation as the next one needs it: what was said, and the evidence it cited."""

    exchange: Exchange
    standalone: str
    cited: tuple[Evidence, ...]

    @classmethod
    def of(cls, number: int, answer: Answer) -> PastTurn:
        """What of an answer goes on: its supported sentences. `number` counts the conversation's turns from 1."""
        from assistant.generate import Exchange

        held = [claim for claim in answer.claims if claim.verdict == "supported" and not answer.abstained]
        said = tuple(Statement(claim.text, claim.citations, claim.about) for claim in held)
        keys = {key for claim in held for key in claim.citations}
        cited = tuple(piece for piece in answer.evidence if piece.id in keys)
        return cls(Exchange(number, answer.question, said), answer.standalone or answer.question, cited)


def without_orders(found: SearchResult) -> SearchResult:
    """What a search found, less the sentences that give orders to a machine: they are no evidence of anything."""
    from assistant.generate import harmless

    cleaned = (harmless(piece) for piece in found.evidence)
    evidence = tuple(replace(p, kept=p.kept and bool(p.text.strip() or p.kind != "text")) for p in cleaned)
    if found.abstained or any(piece.kept for piece in evidence) or not any(piece.kept for piece in found.evidence):
        return replace(found, evidence=evidence)
    reason = "What was found holds nothing but orders to a machine, which are no evidence."
    return replace(found, evidence=evidence, abstained=True, reason=reason)


def with_uploads(assistant: Assistant, found: SearchResult, uploads: Sequence[Upload]) -> SearchResult:
    """A search's evidence with what the uploads show and what is measured on them in front."""
    from assistant.experts import expert_evidence
    from assistant.generate.values import wanted_of
    from assistant.retrieve.own import fact_evidence, names_of, of_upload, upload_evidence

    own: list[Evidence] = []
    wanted = wanted_of(found.query)
    names = names_of(uploads, assistant.without_identifiers)
    for record in (upload.record for upload in uploads):
        facts = fact_evidence(record, found.query)
        pieces = (*upload_evidence(record, wanted=wanted), *facts, *expert_evidence(record, assistant.settings.experts))
        own += [of_upload(piece, names.get(record.record_id)) for piece in pieces]
    read = [p for p in found.evidence if p.relation == "own" and p.kind == "text" and p.record_id in names]
    told = tuple(of_upload(p, names[p.record_id]) if p in read else p for p in found.evidence)
    if not own:
        return replace(found, evidence=told)
    return replace(found, evidence=(*own, *told), abstained=False, reason="")


class Writing:
    """What an answerer writes, each sentence judged as it comes, and what is to be said of how it was written.

    `judged` are all claims so far, `lost` is there once `quote` went on in the place of a model.
    """

    def __init__(
        self,
        assistant: Assistant,
        answerer: Answerer,
        task: Task,
        context: Context | None,
        counting: Counting | None = None,
    ) -> None:
        self._assistant, self._answerer, self._task, self._context = assistant, answerer, task, context
        self._counting = counting
        self.judged: list[Claim] = []
        self.lost: TakenOver | None = None
        self.notice = ""

    def sentences(self) -> Iterator[list[Claim]]:
        """The claims of one sentence after another. Raises ModelUnavailable as the settings have it."""
        from assistant.generate import TakenOver

        checker = self._assistant.checker()
        count = self._counting.census.count if self._counting else None
        everything = {piece.id: piece for piece in self._task.evidence}
        for counted in self._counting.statements(self._task.evidence) if self._counting else ():
            checked = checker.verify(counted, everything, count)
            self.judged += checked
            yield checked
        by_id = {piece.id: piece for piece in self._task.given(self._context)}
        for statement in statements(self._assistant, self._answerer, self._task):
            if isinstance(statement, TakenOver):
                self.lost, by_id = statement, everything
                continue
            checked = checker.verify(statement, by_id, count)
            self.judged += checked
            yield checked
        told = self._counting.notice if self._counting else unread_picture(self._task, self._answerer.name)
        self.notice = joined([told, self.lost.notice if self.lost else "", *self._task.notes, checker.notice], " ")

    @property
    def model(self) -> str:
        """Whom an answer names; a server that nothing was asked of, and that isn't there, keeps none from coming."""
        try:
            return self.lost.model if self.lost else self._answerer.model
        except ModelUnavailable:
            return self._answerer.name

    @property
    def prompt(self) -> str | None:
        return self.lost.prompt if self.lost else self._answerer.prompt_for(self._task)


def unread_picture(task: Task, answerer: str) -> str:
    """What a reader is told where an uploaded picture has no text of its own, nobody's opinion stands beside it, and
    whoever answers reads none; empty elsewhere, and where the question is not about it."""
    from assistant.retrieve.own import UPLOADED_PICTURE
    from assistant.retrieve.question import points_at_study, read_question

    own = [piece for piece in task.evidence if piece.relation == "own"]
    bare = own and all(piece.kind == "image" and piece.why == UPLOADED_PICTURE for piece in own)
    asked = read_question(task.question).wants != "knowledge" or points_at_study(task.question)
    return NOT_READ if bare and asked and answerer in READ_TEXTS_ALONE else ""


def statements(assistant: Assistant, answerer: Answerer, task: Task) -> Iterator[Statement | TakenOver]:
    """What the answerer says, `quote` in its place where its model is lost and the settings want that."""
    from assistant.generate import answer_or_quote

    if assistant.settings.llm.when_lost == "error":
        return answerer.answer(task)
    return answer_or_quote(answerer, assistant.answerer("quote"), task)


def put_alone(assistant: Assistant, question: str, earlier: Sequence[PastTurn], answerer: Answerer) -> Standalone:
    """The question so that it can be searched without the turns before it, its medical words spelled as they are known.
    The model sees it de-identified."""
    from assistant.generate import stand_alone
    from assistant.retrieve.spelling import correct

    def model(asked: str, _: Sequence[str]) -> str | None:
        return answerer.standalone(assistant.without_identifiers(asked), tuple(turn.exchange for turn in earlier))

    said = [statement.text for statement in earlier[-1].exchange.said] if earlier else []
    alone = stand_alone(correct(question), [turn.standalone for turn in earlier], model, said)
    if alone.how == "as asked" and correct(question) != question:
        return replace(alone, how="spelling")
    return alone


def carried(earlier: Sequence[PastTurn], found: SearchResult) -> tuple[Evidence, ...]:
    """What earlier turns cited and this search did not keep, the last turn's first: it can be cited again."""
    known = {piece.id for piece in found.evidence if piece.kept}
    brought: dict[str, Evidence] = {}
    for turn in reversed(earlier):
        for piece in turn.cited:
            if piece.id not in known:
                why = worded("cited in turn {number} of this conversation", number=turn.exchange.number)
                brought.setdefault(piece.id, replace(piece, kept=True, why=why))
    return tuple(brought.values())


def considered(
    found: SearchResult, brought: Sequence[Evidence], context: Context | None
) -> tuple[tuple[Evidence, ...], PromptUse | None]:
    """All evidence that an answer looked at, what the prompt left out marked so; and what the prompt took."""
    if context is None:
        return found.evidence, None
    left_out = {dropped.what: dropped.why for dropped in context.dropped}
    new = {piece.id for piece in brought}
    evidence = (*(piece for piece in found.evidence if piece.id not in new), *brought)
    marked = (
        replace(piece, kept=False, why=joined([piece.why, left_out[piece.id]])) if piece.id in left_out else piece
        for piece in evidence
    )
    return tuple(marked), PromptUse(context.tokens, context.dropped)


def abstention(question: str, found: SearchResult, claims: Sequence[Claim], settings: Settings) -> tuple[bool, str]:
    """Whether too little is left to say, and why; of medicine at large no recording is expected to tell."""
    from assistant.generate.values import asks_at_large

    if found.abstained:
        return True, found.reason
    if not claims:
        if _only_to_see(question, found):
            return True, ONLY_TO_SEE
        recorded = any(piece.relation == "own" and piece.kind == "signal" for piece in found.evidence)
        on_recording = recorded and not asks_at_large(question)
        return (
            True,
            NOT_ON_RECORDING if on_recording else "Nothing was found in the evidence that answers the question.",
        )
    held = sum(claim.verdict == "supported" for claim in claims)
    if not held:
        return True, "No sentence of the answer is supported by the evidence."
    if held < settings.verify.least_supported * len(claims):
        told = "Only {held} of the {count} sentences of the answer is supported by the evidence."
        return True, worded(told, held=held, count=len(claims))
    return False, ""


def _only_to_see(question: str, found: SearchResult) -> bool:
    """Whether a question is after similar studies, and those that were found are pictures or signals of which nothing
    is said."""
    from assistant.findings.labels import clinical_labels
    from assistant.retrieve.question import read_question

    similar = [piece for piece in found.evidence if piece.kept and piece.relation == "similar"]
    return (
        bool(similar)
        and read_question(question).kind == "similar"
        and not any(piece.kind == "text" or clinical_labels(piece.labels) for piece in similar)
    )


def not_understood(assistant: Assistant, question: str, uploads: Sequence[Upload], answerer: str) -> str:
    """What a reader is told where uploaded texts or the question are in a language that is not understood; else ""."""
    from assistant.retrieve.language import files_not_understood

    texts = (upload.record.text for upload in uploads if upload.record.kind == "text")
    of_files = files_not_understood(texts, fetch=assistant.settings.embed.fetch_weights)
    return joined([told for told in (of_files, _question_not_understood(assistant, question, answerer)) if told], " ")


def _question_not_understood(assistant: Assistant, question: str, answerer: str) -> str:
    """What is told of a question in a language that the archive's text encoders, or the model that answers, do not
    understand; empty where they may."""
    from assistant.embed.registry import languages_of
    from assistant.generate.answerers import languages_of as languages_of_model
    from assistant.retrieve.language import foreign_language, not_understood

    settings = assistant.settings
    encoders = [name for name in assistant.text_encoders() if languages_of(name)]
    model = answerer if languages_of_model(settings.llm.model_copy(update={"name": answerer})) else ""
    if not (encoders or model):
        return ""
    language = foreign_language(question, fetch=settings.embed.fetch_weights)
    encoders = [name for name in encoders if language not in languages_of(name)]
    return not_understood(language, encoders, model)


def closest(evidence: Iterable[Evidence], kinds: frozenset[Kind], text_floor: float) -> tuple[str, ...]:
    """The ids of the evidence that came closest, for a reader to judge where no answer rests on it.

    `kinds` are those of the uploads: of pictures and signals only the like is offered, and that made as the uploads
    were where there is any; of texts none that came less than half as near as `text_floor`.
    """
    from assistant.generate.values import is_measured
    from assistant.retrieve.own import is_absence

    pieces = tuple(evidence)
    near = [p for p in pieces if p.relation != "own" and not (is_measured(p) or is_absence(p))]
    if kinds and "text" not in kinds:
        near = [piece for piece in near if piece.kind in kinds]
    if kinds:
        near = _made_as([piece for piece in pieces if piece.relation == "own"], near)
    near = [piece for piece in near if piece.kept or piece.kind != "text" or piece.score >= text_floor / 2]
    each: dict[tuple[Kind, str], Evidence] = {}
    for piece in sorted(near, key=lambda piece: not piece.kept):
        if piece.kind != "text" or _says_something(piece.text):
            each.setdefault((piece.kind, " ".join(piece.text.lower().split()) or piece.id), piece)
    return tuple(piece.id for piece in each.values())[:CLOSEST]


def _made_as(own: Sequence[Evidence], near: Sequence[Evidence]) -> list[Evidence]:
    """What is near less the pictures that something else made than the uploaded ones (an MR beside an X-ray), where
    others are left. What made a picture file is not told: of those the nearest says it."""
    from assistant.retrieve.composed import UNTOLD
    from assistant.retrieve.earlier import XRAYS

    pictures = [piece for piece in near if piece.kind == "image"]
    made = {piece.modality for piece in own if piece.kind == "image"}
    if made and made <= {UNTOLD} and pictures:
        made = {pictures[0].modality}
    made |= XRAYS if made & XRAYS else set()
    like = [piece for piece in near if piece.kind != "image" or piece.modality in made]
    return like if any(piece.kind == "image" for piece in like) else list(near)


def _says_something(text: str) -> bool:
    """Whether a text holds enough words to be looked at, placeholders of what was taken out and its heading apart."""
    return len(_SAID.findall(_PLACEHOLDERS.sub(" ", text))) >= LEAST_WORDS


def own_knowledge(answerer: Answerer, question: str, evidence: Sequence[Evidence]) -> Iterator[str]:
    """What the model says of a general question without any source: nothing about a patient or a study, and nothing
    that the evidence which was looked at contradicts."""
    from assistant.retrieve.question import read_question
    from assistant.verify import check, speaks_of_somebody

    if read_question(question).wants == "cases" or any(piece.relation == "own" for piece in evidence):
        return
    texts = [piece.text for piece in evidence if piece.text]
    for sentence in answerer.unsourced(question):
        if not speaks_of_somebody(sentence) and (not texts or check(sentence, texts).verdict != "contradicted"):
            yield sentence


def pictures(assistant: Assistant, kept: Sequence[Evidence], known: Mapping[str, Record]) -> dict[str, Image]:
    """The pictures that go along to a model, by evidence id, in the order of the evidence: the uploads' first, then
    similar ones; an ECG as it is drawn on paper. `known` are records at hand, by their id."""
    from assistant.generate.ecg_picture import ecg_picture

    found: dict[str, Image] = {}
    drawn: set[str] = set()
    for piece in kept:
        if len(found) == assistant.settings.llm.images:
            break
        if piece.kind == "text" or piece.record_id in drawn or not _is_whole(piece):
            continue
        drawn.add(piece.record_id)
        record = known.get(piece.record_id) or assistant.record(piece.record_id)
        if record.image is not None:
            found[piece.id] = record.image
        elif record.signal is not None and record.signal.is_ecg and record.signal.in_millivolts:
            found[piece.id] = ecg_picture(record.signal)
    return found


def last_of(steps: Iterable[Step]) -> Answer:
    """The answer that a stream of steps ends with."""
    for step in steps:
        if isinstance(step, Answer):
            return step
    raise AssertionError("a stream of steps ends with an Answer")


def _is_whole(piece: Evidence) -> bool:
    """Whether a piece stands for the whole picture or recording, not for a value measured on it."""
    from assistant.generate.values import is_measured

    return piece.kind == "image" or not is_measured(piece)
