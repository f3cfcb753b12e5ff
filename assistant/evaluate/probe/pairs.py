"""Pairs of questions of which each answer is known, and that count only together.

| kind | the two questions of a pair | after |
| --- | --- | --- |
| `attribute` | is there what is there; is there what is not | ProbMed (Yan et al. 2024) |
| `side` | is it on the side that the report states; is it on the other | ProbMed's positions |
| `confusing` | is it there, of two studies that look alike, one with it | MediConfusion (Sepehri et al. 2024) |

What is asked about and is not there is drawn, the commoner the likelier, from what other subjects have. Of a text only
what it denies is taken to be absent: a report that is silent says nothing. Nothing is asked that the vocabulary of
findings calls the same as, a kind of or a wider word for something that is there.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.probe.subjects import Subject
from assistant.findings.vocabulary import related

ProbeKind = Literal["attribute", "side", "confusing"]
KINDS: tuple[ProbeKind, ...] = get_args(ProbeKind)
Encode = Callable[[Sequence[Subject]], NDArray[np.float32]]
"""Unit vectors of subjects, shape (n_subjects, n_dimensions); zeros for one that has none."""

JOINED = " + "  # between two patients of one group
NEIGHBOURS = 5  # of each subject that are looked at for one with another answer


def make_pairs(kind: ProbeKind, subjects: Sequence[Subject], count: int, seed: int, encode: Encode) -> list[Case]:
    """At most `count` pairs of a kind; the same subjects, count and seed give the same cases."""
    # A generator for each kind and seed, so that another kind asked for beside it changes nothing.
    chance = random.Random(f"{kind}:{seed}")
    if kind == "confusing":
        return _confusing(subjects, count, encode)
    shuffled = chance.sample(list(subjects), len(subjects))
    of_one = {"attribute": _attribute_maker(subjects), "side": _sides}[kind]
    cases: list[Case] = []
    for subject in shuffled:
        if len(cases) >= 2 * count:
            break
        cases += of_one(subject, chance)
    return cases


def _attribute_maker(subjects: Sequence[Subject]) -> Callable[[Subject, random.Random], list[Case]]:
    """How often each label occurs decides how likely it is invented for others."""
    common = Counter(name for subject in subjects if subject.labelled for name in subject.present)

    def make(subject: Subject, chance: random.Random) -> list[Case]:
        invented = sorted(name for name in (common if subject.labelled else subject.absent) if not_there(name, subject))
        if not invented:
            return []
        weights = [common[name] if subject.labelled else 1 for name in invented]
        false = chance.choices(invented, weights)[0]
        true = chance.choice(sorted(subject.present))
        pair = f"attribute:{subject.name}"
        return [_case(subject, pair, "yes", _is_there(true)), _case(subject, pair, "no", _is_there(false))]

    return make


def not_there(name: str, subject: Subject) -> bool:
    """Whether nothing that is there is the same as, a kind of or a wider word for `name`."""
    return all(name != other and related(name, other) is None for other in subject.present)


def _sides(subject: Subject, chance: random.Random) -> list[Case]:
    if not subject.sides:
        return []
    finding, side = chance.choice(subject.sides)
    other = "right" if side == "left" else "left"
    pair = f"side:{subject.name}"
    return [
        _case(subject, pair, "yes", _is_there(f"{side} {finding}")),
        _case(subject, pair, "no", _is_there(f"{other} {finding}")),
    ]


def _confusing(subjects: Sequence[Subject], count: int, encode: Encode) -> list[Case]:
    """The pairs that the encoder finds most alike, of two patients, each patient in one pair only."""
    labelled = [subject for subject in subjects if subject.labelled]
    if len(labelled) < 2:
        return []
    vectors = encode(labelled)
    alike = vectors @ vectors.T
    unknown = ~vectors.any(axis=1)
    alike[unknown, :] = alike[:, unknown] = -1.0
    np.fill_diagonal(alike, -1.0)
    nearest = np.argsort(-alike, axis=1, kind="stable")[:, :NEIGHBOURS]
    ranked = sorted(
        {(min(i, int(j)), max(i, int(j))) for i, row in enumerate(nearest) for j in row},
        key=lambda pair: (-float(alike[pair]), pair),
    )
    cases: list[Case] = []
    used: set[str] = set()
    for i, j in ranked:
        if alike[i, j] <= 0:
            break
        one, other = labelled[i], labelled[j]
        patients = {one.patient or one.name, other.patient or other.name}
        if used & patients or len(patients) == 1:
            continue
        asked = _tells_apart(one, other)
        if asked is None:
            continue
        finding, has, lacks = asked
        used |= patients
        pair = f"confusing:{one.name}:{other.name}"
        group = JOINED.join(sorted(patients))
        cases.append(_case(has, pair, "yes", _is_there(finding), group))
        cases.append(_case(lacks, pair, "no", _is_there(finding), group))
        if len(cases) >= 2 * count:
            break
    return cases


def _tells_apart(one: Subject, other: Subject) -> tuple[str, Subject, Subject] | None:
    """A finding that the one of two has and the other has not, and which has it."""
    for has, lacks in ((one, other), (other, one)):
        for name in sorted(has.present):
            if not_there(name, lacks):
                return name, has, lacks
    return None


def _is_there(finding: str) -> str:
    return f"Is there {finding}?"


def _case(subject: Subject, pair: str, answer: Literal["yes", "no"], question: str, group: str | None = None) -> Case:
    kind = pair.partition(":")[0]
    return Case(
        id=f"{pair}:{answer}",
        task="choose",
        question=question,
        choices=("yes", "no"),
        files=tuple(str(path) for path in subject.files),
        without_comments=subject.without_comments,
        context=() if subject.files else (subject.text,),
        exclude_patient=subject.patient,
        reference=Reference(answerable=True, choice=("yes", "no").index(answer), answer=answer),
        tags={"probe": kind, "truth": answer},
        group=group or subject.patient or subject.name,
        pair=pair,
    )
