"""The patient wall, on archives drawn at random: whatever they hold and whatever is asked, no result crosses it.

Patients share studies and files, ids mean other persons in other namespaces, records name nobody, patients were
forgotten. What may be returned is worked out here from the drawn records alone, not from the store.
"""

import re
import shutil
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from made_archive import REPORTS, Made, build_made, open_number_encoder, upload_of

from assistant.pseudonyms import Pseudonyms
from assistant.retrieve.history import interval
from assistant.retrieve.query import Query
from assistant.retrieve.search import Retriever
from assistant.settings import Settings
from assistant.store.forgotten import remember
from assistant.store.workspace_db import WorkspaceDb

NAMESPACES = {"ward": "", "clinic": "", "trial": "trial"}  # "trial" numbers its patients apart
PATIENTS = ("1", "2", "3")
ARCHIVES = 200  # others in every run; `make bench` draws 2,000
SHORT = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # no disk is waited for

made = st.builds(
    Made,
    index=st.sampled_from(tuple(NAMESPACES)),
    patient=st.sampled_from((*PATIENTS, None)),
    study=st.sampled_from(("s1", "s2", "s3", "s4")),
    kind=st.sampled_from(("image", "signal", "text")),
    content=st.integers(0, 3),
    copy=st.integers(0, 1),
    day=st.one_of(st.none(), st.integers(0, 900)),
)


@st.composite
def archives(draw):
    """Records, the indexes that hold them, and who was forgotten."""
    records = draw(st.lists(made, min_size=8, max_size=18))
    forgotten = draw(st.sets(st.sampled_from(PATIENTS), max_size=1))
    return records, forgotten


@st.composite
def queries(draw, records):
    """A query with all that bears on the wall; uploads are files of the archive, copies of them, or strange."""
    near = st.sampled_from(records).flatmap(
        lambda one: st.builds(
            Made, index=st.just("upload"), patient=st.sampled_from((one.patient, None, None, *PATIENTS)),
            study=st.sampled_from((one.study, "s9")), kind=st.just(one.kind), content=st.just(one.content),
            copy=st.sampled_from((one.copy, 5)), day=st.just(one.day),
        )
    )  # fmt: skip
    files = draw(st.lists(near, max_size=2))
    uploads = tuple(upload_of(f, names_patient=True, names_study=draw(st.booleans())) for f in files)
    text = draw(st.sampled_from(("", "Is there a pleural effusion?", "pneumonia", REPORTS[0], REPORTS[3])))
    patient = draw(st.sampled_from((None, None, None, *PATIENTS)))
    query = Query(
        text=text if uploads or patient else text or "effusion",
        uploads=uploads,
        k=draw(st.sampled_from((3, 10, 100))),
        kinds=frozenset(draw(st.sampled_from(((), (), ("image",), ("text",), ("signal", "image"))))),
        patient=patient,
        exclude_patient=draw(st.sampled_from((*[None] * 6, *PATIENTS))),
        history=draw(st.booleans()),
        leave_out_own=draw(st.booleans()),
    )
    return query, files


class Truth:
    """What is so in an archive that was drawn. A person is a namespace and an id."""

    def __init__(self, records, forgotten):
        self.all = records
        self.held = {n: made for n, made in enumerate(records) if made.patient not in forgotten}

    def person(self, made):
        return (NAMESPACES[made.index], made.patient) if made.patient else None

    def persons_of(self, own_id):
        return {self.person(m) for m in self.held.values() if m.patient == own_id}

    def persons_in(self, made):
        """The persons whom the records of a record's study name."""
        study = [m for m in self.held.values() if (m.index, m.study) == (made.index, made.study)]
        return {self.person(m) for m in study} - {None}

    def holders(self, upload):
        """The persons in whose studies the very file of an upload lies."""
        return {p for m in self.held.values() if m.sha256 == upload.record.sha256 for p in self.persons_in(m)}

    def own_persons(self, query):
        """Who the query is about, as far as that is certain."""
        own = set()
        if query.patient and len(self.persons_of(query.patient)) == 1:
            own |= self.persons_of(query.patient)
        for upload in query.uploads:
            if upload.patient:
                named = self.persons_of(upload.patient)
                named = named if len(named) == 1 else named & self.holders(upload)
            else:
                named = self.holders(upload)
            own |= named if len(named) == 1 else set()
        return own


def check(truth, query, files, result):
    """Every promise of the wall, for one result; gives how many pieces of evidence were looked at."""
    held = [(piece, truth.held.get(int(piece.external_id))) for piece in result.evidence if piece.external_id]
    assert all(made is not None for _, made in held), "a forgotten patient's record was returned"
    own = truth.own_persons(query)
    for piece, made in held:
        person = truth.person(made)
        if query.patient:
            assert made.patient == query.patient
            assert len(truth.persons_of(query.patient)) == 1, "two persons of one id were mixed"
        if query.exclude_patient:
            assert made.patient != query.exclude_patient
            if made.patient is None:
                assert query.exclude_patient not in {id_ for _, id_ in truth.persons_in(made)}
        if piece.relation == "own":
            if person:
                assert person in own, "own evidence of another patient"
            else:
                assert same_study(truth, made) & {u.record.sha256 for u in query.uploads}
                assert truth.persons_in(made) <= own
        elif person:
            assert person not in own
        if query.kinds:
            assert made.kind in query.kinds
        if query.leave_out_own:
            check_left_out(truth, query, files, piece, made)
    check_history(truth, query, [(p, m) for p, m in held if p.why.startswith("history")], own)
    return len(held)


def same_study(truth, made):
    return {m.sha256 for m in truth.held.values() if (m.index, m.study) == (made.index, made.study)}


def check_left_out(truth, query, files, piece, made):
    """Neither an upload's study, nor its patient (history apart), nor a copy of it with what lies beside."""
    is_history = piece.why.startswith("history")
    copies = [m for m in truth.held.values() for f in files if (m.kind, m.content) == (f.kind, f.content)]
    assert (made.index, made.study) not in {(m.index, m.study) for m in copies}, "a copy's study was returned"
    assert made.study not in {u.study for u in query.uploads if u.study}, "the upload's own study was returned"
    if not is_history:
        assert made.patient not in {u.patient for u in query.uploads if u.patient}, "the same patient was returned"
        of_copies = {truth.person(m) for m in copies if m.kind != "text"} - {None}
        assert truth.person(made) not in of_copies, "the patient of a copy was returned"


def check_history(truth, query, pieces, own):
    """One person's, newest first, with the real interval; nothing later than a study that is drafted."""
    if pieces:
        named = query.patient or any(upload.patient for upload in query.uploads)
        assert query.history or (named and not query.leave_out_own), "looked up unasked"  # a comparison asks for it
        assert len(own) == 1
    assert all(piece.relation == "own" and truth.person(made) in own for piece, made in pieces)
    days = [study_day(truth, made) for _, made in pieces]
    dated = [day for day in days if day is not None]
    assert dated == sorted(dated, reverse=True)
    assert None not in days[: len(dated)], "a study without a date stands before one with a date"
    for (piece, made), day in zip(pieces, days, strict=True):
        told = re.match(r"history, (\d+ \w+) (before|after) ", piece.why)
        if told and (now := reference_day(truth, query, own)) is not None:
            assert told[1] == interval(abs(now - day))
            assert (told[2] == "before") == (day < now)
            assert not (query.leave_out_own and told[2] == "after")
        assert made.day is None or day >= made.day


def study_day(truth, made):
    """The last day of a patient's records of one study; the same study may lie in several indexes."""
    mine = [m for m in truth.held.values() if m.study == made.study and truth.person(m) == truth.person(made)]
    return max((m.day for m in mine if m.day is not None), default=None)


def reference_day(truth, query, own):
    """The day of the study that a question is about, where an upload that names its patient tells it."""
    stored = any(m.sha256 == u.record.sha256 for m in truth.held.values() for u in query.uploads)
    days = [u.record.taken_at for u in query.uploads if u.patient and u.record.taken_at]
    return None if stored or not days else (max(days) - datetime(2020, 1, 1, 9, 30)).days


@pytest.fixture(scope="module", autouse=True)
def encoders_of_numbers():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.retrieve.rank.open_encoder", open_number_encoder)
        patch.setattr("assistant.retrieve.own.open_encoder", open_number_encoder)
        yield


looked_at = Counter()


def walk(archive, data):
    """Build an archive, ask it five things, and check what comes back."""
    records, forgotten = archive
    asked = [data.draw(queries(records)) for _ in range(5)]
    workspace = Path(tempfile.mkdtemp(dir=SHORT))
    try:
        pseudonyms = Pseudonyms.of(workspace)
        if forgotten:
            remember(WorkspaceDb(workspace), [pseudonyms.person(patient) for patient in forgotten], "")
        names = {name: NAMESPACES[name] for name in NAMESPACES if any(m.index == name for m in records)}
        indexes = build_made(workspace, records, names)
        truth = Truth(records, forgotten)
        results = Retriever(indexes, Settings()).search([query for query, _ in asked])
        for (query, files), result in zip(asked, results, strict=True):
            note(f"{query}\n{[(p.external_id, p.relation, p.why) for p in result.evidence]}")
            seen = check(truth, query, files, result)
            looked_at["pieces"] += seen
            looked_at["own"] += sum(piece.relation == "own" for piece in result.evidence)
            looked_at["history"] += sum(piece.why.startswith("history") for piece in result.evidence)
            looked_at["left out"] += seen if query.leave_out_own else 0
        for index in indexes:
            index.close()
    finally:
        shutil.rmtree(workspace)


def drawn(archives_drawn):
    """So many archives, others in every run; a case that fails is small enough to be read as it is."""
    return settings(
        max_examples=archives_drawn, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        phases=(Phase.generate,), print_blob=True,
    )  # fmt: skip


@pytest.mark.timeout(900)  # two minutes on two idle cores
@drawn(ARCHIVES)
@given(archive=archives(), data=st.data())
def test_no_result_crosses_the_wall(archive, data):
    walk(archive, data)


def test_the_archives_gave_something_to_look_at():
    """Promises about nothing are easily kept: the searches above returned evidence of every sort, by far more than
    here is asked for (4.9 and 6.1 pieces an archive in two runs, 2 own, 0.3 to 0.4 of a history)."""
    assert looked_at["pieces"] > 2 * ARCHIVES, looked_at
    assert all(looked_at[sort] > ARCHIVES / 20 for sort in ("own", "history", "left out")), looked_at


@pytest.mark.slow
@drawn(10 * ARCHIVES)
@given(archive=archives(), data=st.data())
def test_no_result_crosses_the_wall_of_many_archives(archive, data):
    walk(archive, data)
