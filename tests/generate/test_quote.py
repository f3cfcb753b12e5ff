"""The quoting answerer on evidence small enough to recount by hand."""

from dataclasses import replace

from assistant.generate import DraftTask, Task, open_answerer
from assistant.records import Evidence, SignalPlace, TextPlace, ValuePlace
from assistant.settings import LlmSettings

QUOTE = open_answerer(LlmSettings())


def text(key, words, relation="knowledge", modality="DOC", **more):
    place = TextPlace(0, len(words), more.pop("page", None))
    return Evidence(key, f"r-{key}", "text", modality, relation, words, place, 1.0, True, "", **more)


def picture(key, study, labels, modality="CR", kind="image"):
    return Evidence(key, f"r-{key}", kind, modality, "similar", "", None, 1.0, True, "", study_id=study, labels=labels)


def value(key, name, number, unit, words):
    return Evidence(key, "r-up", "signal", "ECG", "own", words, ValuePlace(name, number, unit), 1.0, True, "")


def signal(key, lead, words, why="measured on the upload"):
    return Evidence(key, "r-up", "signal", "ECG", "own", words, SignalPlace(lead, 0.0, 10.0), 1.0, True, why)


ECG = (
    signal("eup", "all", "Uploaded ECG, 10 s at 500 Hz", "uploaded signal"),
    value("ehr", "heart_rate_bpm", 61.0, "beats/min", "Heart rate 61 beats/min"),
    value("eqrs", "qrs_ms", 92.0, "ms", "QRS duration 92 ms"),
    value("eqt", "qt_ms", 400.0, "ms", "QT interval 400 ms"),
    value("eqtc", "qtc_bazett_ms", 403.0, "ms", "QTc (Bazett) 403 ms"),
    signal("erh", "II", "The rhythm is regular."),
)
SIMILAR_ECGS = tuple(
    picture(f"es{i}", f"s{i}", {"rhythm": rhythm, "axis": "normal", "sex": "M"}, "ECG", "signal")
    for i, rhythm in enumerate(
        ["Sinus rhythm", "Sinus rhythm", "Atrial fibrillation", "Sinus rhythm", "Sinus bradycardia"]
    )
)
REPORTS = (
    ("Small left pleural effusion. The heart is enlarged.", "Left pleural effusion."),
    ("There is a moderate left pleural effusion. No pneumothorax.", "Pleural effusion."),
    ("No pleural effusion. No pneumothorax. The heart is enlarged.", "Cardiomegaly."),
)
SIMILAR_XRAYS = tuple(
    piece
    for i, (findings, impression) in enumerate(REPORTS)
    for piece in (
        picture(f"ei{i}", f"s{i}", {"finding": "Effusion" if i < 2 else "No Finding"}),
        text(f"ef{i}", findings, "similar", "SR", study_id=f"s{i}", section="FINDINGS"),
        text(f"em{i}", impression, "similar", "SR", study_id=f"s{i}", section="IMPRESSION"),
    )
)
GOUT = text(
    "egout",
    "Key Points\n - Gout is a kind of arthritis. Gout is caused by uric acid crystals in the joints. "
    "Symptoms of gout include sudden pain and swelling of the big toe. "
    "Doctors treat gout attacks with nonsteroidal medicines and colchicine. See also arthritis",
    title="Gout",
)


def said(question, *evidence):
    return [(s.about, s.text, s.citations) for s in QUOTE.answer(Task(question, evidence))]


def test_it_quotes_the_sentence_that_answers():
    assert said("What are the symptoms of gout?", GOUT) == [
        ("general", "Symptoms of gout include sudden pain and swelling of the big toe.", ("egout",))
    ]
    assert said("How is gout treated?", GOUT)[0][1].startswith("Doctors treat gout attacks")
    assert said("What causes gout?", GOUT)[0][1] == "Gout is caused by uric acid crystals in the joints."


def test_every_quotation_stands_in_its_evidence_word_for_word():
    for question in ("What is gout?", "What are the symptoms of gout?", "What are the treatments for gout?"):
        quoted = said(question, GOUT)
        assert quoted and all(sentence in GOUT.text for _, sentence, _ in quoted)


def test_it_abstains_where_nothing_bears_on_the_question():
    off = "Who won the 1998 football world cup?"
    assert said(off, GOUT) == []
    assert said(off, *ECG, *SIMILAR_ECGS) == []
    assert said(off, *SIMILAR_XRAYS) == []
    assert said("How is gout treated?") == []


def test_another_disease_s_treatment_is_no_answer():
    other = text(
        "ex", "There is no cure or standard treatment for anencephaly. Treatment is supportive.", title="Anencephaly"
    )
    assert said("What are the treatments for gout?", other) == []


def test_the_rhythm_question_gets_rhythm_and_rate_then_what_similar_ecgs_are_labelled():
    answer = said("What rhythm is this?", *ECG, *SIMILAR_ECGS)
    assert answer[:2] == [
        ("patient", "The rhythm is regular.", ("erh",)),
        ("patient", "Heart rate 61 beats/min.", ("ehr",)),
    ]
    assert answer[2:] == [
        ("similar", "3 of the 5 most similar ECGs are labelled sinus rhythm.", ("es0", "es1", "es2", "es3", "es4"))
    ]


def test_a_question_on_the_qt_gets_the_qt_and_nothing_else_of_the_recording():
    assert [s for about, s, _ in said("Is the QTc long?", *ECG) if about == "patient"] == [
        "QTc (Bazett) 403 ms.", "QT interval 400 ms.",
    ]  # fmt: skip


def test_an_open_question_gets_the_measurements_with_one_qt_and_not_the_upload_s_description():
    own = [s for about, s, _ in said("What does this ECG show?", *ECG) if about == "patient"]
    assert len(own) == 4 and not any("Uploaded" in sentence for sentence in own)


def test_a_named_finding_is_counted_and_every_study_cited_by_what_says_it_those_counted_first():
    """Of three reports the first two find an effusion and the third denies it; no piece that says neither is cited."""
    counted = [s for s in said("Is there an effusion?", *SIMILAR_XRAYS) if "“" not in s[1]]
    assert counted == [
        ("similar", "2 of the 3 most similar studies mention pleural effusion.", ("ef0", "ef1", "ef2")),
        ("similar", "1 of the 3 most similar studies states that there is no pleural effusion.", ("ef2", "ef0", "ef1")),
    ]  # that as many are labelled so would say it again


def test_what_no_study_mentions_is_told_of_studies_like_the_upload_alone():
    none = "None of the 3 most similar studies mentions glaucoma."
    assert none in [words for _, words, _ in said("Is there glaucoma?", *SIMILAR_XRAYS)]
    found_by_words = [piece for piece in SIMILAR_XRAYS if piece.kind == "text"]
    assert said("How is glaucoma treated?", *found_by_words) == []


def test_measured_values_of_similar_studies_are_counted_where_they_are_asked_for_alone():
    words = "C-reactive protein 12 mg/L. An 8 mm nodule in the right lung."
    studies = [text(f"ev{i}", words, "similar", "SR", study_id=f"v{i}") for i in range(2)]
    both = tuple(piece.id for piece in studies)
    assert said("What do similar studies show?", *studies) == [
        ("similar", "Both most similar studies mention nodule.", both)
    ]
    assert said("How high is the CRP in similar studies?", *studies) == [
        ("similar", "Both most similar studies mention C-reactive protein.", both)
    ]


def test_a_study_is_counted_once_however_often_its_report_says_so():
    twice = (*SIMILAR_XRAYS[:3], text("ex0", "The effusion is small.", "similar", "SR", study_id="s0"))
    first = said("Is there an effusion?", *twice)[0][1]
    assert first == "The most similar study, another patient’s, mentions pleural effusion."


def test_similar_studies_are_never_worded_as_the_patient():
    for question in ("What do similar studies show?", "Is there an effusion?", "Is the heart enlarged?"):
        answer = said(question, *SIMILAR_XRAYS)
        assert answer and {about for about, _, _ in answer} == {"similar"}
        assert all("similar" in sentence for _, sentence, _ in answer)


def test_the_most_similar_study_is_quoted():
    quotes = [s for s in said("Is there an effusion?", *SIMILAR_XRAYS) if "“" in s[1]]
    assert quotes == [("similar", "In the most similar study: “Left pleural effusion.”", ("em0",))]


def test_an_uploaded_report_speaks_of_the_patient_and_an_uploaded_article_does_not():
    words = "The patient denies chest pain. Metformin 500 mg was given twice daily."
    for modality, about in (("SR", "patient"), ("DOC", "general")):
        own = text("eo", words, "own", modality, page=2)
        assert said("How much metformin was given?", own) == [
            (about, "Metformin 500 mg was given twice daily.", ("eo",))
        ]


def test_a_chest_draft_says_what_similar_studies_show_in_its_template_s_sections():
    drafted = list(QUOTE.draft(DraftTask("chest X-ray", "draft", (), SIMILAR_XRAYS)))
    assert [section for section, _ in drafted] == sorted((s for s, _ in drafted), key=["FINDINGS", "IMPRESSION"].index)
    assert {statement.about for _, statement in drafted} == {"similar"}
    findings = [statement.text for section, statement in drafted if section == "FINDINGS"]
    assert findings[:2] == [
        "2 of the 3 most similar studies mention cardiomegaly.",
        "2 of the 3 most similar studies mention pleural effusion.",
    ]


def test_an_ecg_draft_keeps_measurements_and_interpretation_apart():
    drafted = list(QUOTE.draft(DraftTask("12-lead ECG", "draft-ecg", ECG, SIMILAR_ECGS)))
    by_section = {}
    for section, statement in drafted:
        by_section.setdefault(section, []).append(statement)
    assert [s.text for s in by_section["MEASUREMENTS"]] == [
        "Heart rate 61 beats/min.", "QRS duration 92 ms.", "QT interval 400 ms.", "QTc (Bazett) 403 ms.",
    ]  # fmt: skip
    assert by_section["INTERPRETATION"][0].text == "The rhythm is regular."
    assert by_section["INTERPRETATION"][1].about == "similar"


def test_a_draft_does_not_say_twice_what_a_report_made_of_its_label_says():
    def study(n, diagnosis):
        one = Evidence(f"s{n}", f"r{n}", "signal", "ECG", "similar", "", None, 0.9, True, "", study_id=f"S{n}",
                       labels={"diagnosis": diagnosis})  # fmt: skip
        return one, replace(one, id=f"t{n}", record_id=f"q{n}", kind="text", modality="SR", labels={},
                            text=f"Reference diagnosis of this ECG: {diagnosis}.")  # fmt: skip

    alike = [piece for n, said in enumerate(["atrial fibrillation", "atrial fibrillation"]) for piece in study(n, said)]
    told = [s.text for _, s in QUOTE.draft(DraftTask("12-lead ECG", "draft-ecg", ECG, tuple(alike)))]
    assert "Both most similar studies mention atrial fibrillation." in told
    assert not any("labelled" in sentence for sentence in told)
    told = [s.text for _, s in QUOTE.draft(DraftTask("12-lead ECG", "draft-ecg", ECG, tuple(alike[:-1])))]
    assert "Both most similar ECGs are labelled atrial fibrillation." in told  # one has no report: another count


def test_nothing_is_quoted_into_how_the_study_was_made_or_what_it_is_compared_with():
    for template, written in (
        ("draft-ct", {"FINDINGS", "IMPRESSION"}),
        ("draft-comparison", {"FINDINGS", "IMPRESSION"}),
    ):
        drafted = list(QUOTE.draft(DraftTask("CT image", template, ECG, SIMILAR_XRAYS)))
        assert {section for section, _ in drafted} == written


def test_a_draft_without_evidence_is_empty_and_the_same_twice():
    assert list(QUOTE.draft(DraftTask("chest X-ray", "draft"))) == []
    task = DraftTask("chest X-ray", "draft", ECG, SIMILAR_XRAYS)
    assert list(QUOTE.draft(task)) == list(QUOTE.draft(task))
