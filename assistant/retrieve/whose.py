"""Which patient uploads, a chosen id and a question's words are about, in pseudonyms that can be compared.

A patient has a pseudonym in each namespace of the open indexes, and one that uploads bear; together they are the
patient's names here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.ingest.deid.stated import identity_of_id
from assistant.pseudonyms import Pseudonyms, is_patient_pseudonym
from assistant.records import NOT_STATED, Apart, Identity, together
from assistant.retrieve.called import is_called, persons_named
from assistant.retrieve.query import Query, Upload
from assistant.retrieve.question import ids_named
from assistant.retrieve.wall import own_of
from assistant.store.index import OpenIndex

Names = frozenset[str]

# What may be an id wherever it stands: letters with digits ("PAT-0042"), a long number, or a pseudonym, which is one of
# letters alone in a twelfth of all cases.
_ID = re.compile(r"(?<![\w./-])(?:(?=[\w./-]*\d)(?:[^\W\d_][\w./-]*\w|\d{6,})|P-[A-Z2-7]{12})(?![\w-])")
_SURELY = 4  # characters of an id that is one though the archive does not know it; "patient 65" is an age
_MOST = 20  # words of a question that are looked up


@dataclass(frozen=True, slots=True)
class People:
    """Tells patients apart in the open indexes."""

    indexes: Sequence[OpenIndex]
    pseudonyms: Pseudonyms

    def names(self, patient: str) -> Names:
        """Of a patient by the archive's own id, or by one pseudonym."""
        if is_patient_pseudonym(patient):
            return frozenset({patient})
        return frozenset(
            {*(index.pseudonym_of(patient) for index in self.indexes), self.pseudonyms.patient(patient, "")}
        )

    def stated_by_id(self, patient: str | None) -> Identity:
        """What a chosen patient's own id says beside what files state; nothing where it is a pseudonym."""
        return NOT_STATED if not patient or is_patient_pseudonym(patient) else identity_of_id(patient, self.pseudonyms)

    def of_upload(self, upload: Upload) -> Names:
        """Of the patient whom the file names, else of the one with whom the archive holds the same file."""
        if upload.patient:
            return self.names(upload.patient)
        return frozenset(person for own in own_of(self.indexes, Query(uploads=(upload,))) for person in own.patients)

    def of_query(self, query: Query) -> Names:
        """Of the patient whom a query is about, by its choice or its uploads."""
        chosen = [self.names(query.patient)] if query.patient else []
        return frozenset[str]().union(*chosen, *map(self.of_upload, query.uploads))

    def known(self, patient: str) -> str | None:
        """The pseudonym under which the archive holds a patient; None for one that it does not hold."""
        names = sorted(self.names(patient))
        return next((name for name in names for index in self.indexes if index.has_patient(name)), None)

    def named_in(self, text: str) -> dict[str, Names]:
        """The patients that a text names by an id, each with the names: what stands after a word for a patient, and
        every other word that is an id of the archive or a pseudonym."""
        told = [word for word in ids_named(text) if len(word) >= _SURELY or self.known(word)]
        seen = dict.fromkeys(match[0] for match in _ID.finditer(text))
        ids = [word for word in list(seen)[:_MOST] if is_patient_pseudonym(word) or self.known(word)]
        return {word: self.names(word) for word in dict.fromkeys((*told, *ids))}

    def another_in(self, text: str, own: Names, uploads: Iterable[Upload]) -> str | None:
        """How a text names a patient who is not the case's: by an id that is none of `own`, or by a name that stands
        in none of the files. None where it names nobody else, or where no file says any name to compare with."""
        if own:
            for word, names in self.named_in(text).items():
                if not names & own:
                    return word
        called = called_in(uploads)
        persons = persons_named(text) if called else ()
        return next((name for name in persons if not is_called(name, called, self.pseudonyms)), None)


def called_in(uploads: Iterable[Upload]) -> frozenset[str]:
    """The names of files, as keyed words."""
    return frozenset[str]().union(*(upload.record.called for upload in uploads))


def stated_in(uploads: Iterable[Upload]) -> list[Identity]:
    """Who files say that their patient is, once for each patient's id and each other statement."""
    of_id: dict[str, list[Identity]] = {}
    found: dict[Identity, None] = {}
    for upload in uploads:
        if upload.patient:
            of_id.setdefault(upload.patient, []).append(upload.record.identity)
        elif upload.record.identity.says_anything:
            found[upload.record.identity] = None
    return [*(together(identities) for identities in of_id.values()), *found]


def stated_apart(identities: Iterable[Identity]) -> Apart:
    """Whether any two of these can't be of one person, and by what they are told apart."""
    return next((how for one, other in combinations(identities, 2) if (how := one.apart(other))), "")


def apart(people: Iterable[Names]) -> list[Names]:
    """How many patients these are: whoever shares a name is one."""
    groups: list[Names] = []
    for names in filter(None, people):
        same = [group for group in groups if group & names]
        groups = [group for group in groups if group not in same] + [names.union(*same)]
    return groups
