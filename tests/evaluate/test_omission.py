"""What of a reference an answer or a draft leaves out."""

from assistant.evaluate.case import Case, Reference
from assistant.evaluate.dataset import Suite
from assistant.evaluate.judge import VerifierJudge
from assistant.evaluate.log import Sample
from assistant.evaluate.metric import Bench
from assistant.evaluate.score.claims import FAMILY as CLAIMS
from assistant.evaluate.score.omission import FAMILY, reference_findings
from assistant.evaluate.score.told import findings_told
from assistant.records import Answer, Claim, Draft, Section
from assistant.settings import Settings

BENCH = Bench(Suite(name="x", cases="x.jsonl"), VerifierJudge(Settings()), Settings())
LISTED = Reference(
    findings=("Small left pleural effusion.", "Cardiomegaly.", "No pneumothorax.", "Consolidation.", "See above.")
)


def claims(*texts: str) -> tuple[Claim, ...]:
    return tuple(Claim(text, "patient", "supported") for text in texts)


def answered(*texts: str) -> Sample:
    return Sample("x", answer=Answer("?", claims(*texts), (), not texts, "", "test", None))


def drafted(*texts: str) -> Sample:
    half = len(texts) // 2
    sections = (Section("FINDINGS", claims(*texts[:half])), Section("IMPRESSION", claims(*texts[half:])))
    return Sample("x", draft=Draft("s", sections, ()))


def scores(reference: Reference, given: Sample):
    case = Case(id="x", question="?", reference=reference)
    return dict(FAMILY.mark(case, given, BENCH).scores)


SAID = ("There is a pleural effusion on the right.", "No pneumothorax.", "The lungs are clear.")


def test_of_five_listed_findings_one_is_unread_two_stated_one_denied_one_passed_over():
    expected = {
        "finding_unread_rate": (1, 5),
        "omission_rate": (2, 4),
        "omission_rate.present": (2, 3),
        "omission_rate.absent": (0, 1),
        "finding_contradicted_rate": (1, 4),  # "the lungs are clear" denies the consolidation
        "omission_rate_answers": (1, 1),
    }
    assert scores(LISTED, answered(*SAID)) == expected
    assert scores(LISTED, drafted(*SAID)) == expected


def test_who_says_nothing_omits_everything():
    for given in (answered(), drafted()):
        assert scores(LISTED, given)["omission_rate"] == (4, 4)
        assert scores(LISTED, given)["finding_contradicted_rate"] == (0, 4)


def test_a_report_stands_in_for_a_list_and_no_reference_is_absent():
    report = "FINDINGS: Small left pleural effusion. No pneumothorax.\nIMPRESSION: Left pleural effusion."
    found = reference_findings(Reference(report=report))
    assert [(finding.entity, finding.status) for finding in found] == [
        ("pleural effusion", "present"),
        ("pneumothorax", "absent"),
    ]
    assert "finding_unread_rate" not in scores(Reference(report=report), answered(*SAID))
    assert scores(Reference(), answered(*SAID)) == {}
    assert scores(Reference(findings=("See above.",)), answered(*SAID)) == {"finding_unread_rate": (1, 1)}


def test_a_count_tells_what_more_than_half_of_the_studies_say():
    told = findings_told(
        claims(
            "4 of the 5 most similar studies mention pleural effusion.",
            "2 of the 5 most similar studies mention pneumothorax.",
            "All 5 most similar studies state that there is no consolidation.",
        )
    )
    assert {(finding.entity, finding.status) for finding in told} == {
        ("pleural effusion", "present"),
        ("consolidation", "absent"),
    }


def test_a_drafts_claims_are_counted_like_an_answers():
    wrong = Claim("A fracture.", "patient", "unsupported", "fabrication")
    sections = (Section("FINDINGS", claims("No effusion.")), Section("IMPRESSION", (wrong,)))
    found = CLAIMS.mark(
        Case(id="x", task="draft", study="s"), Sample("x", draft=Draft("s", sections, ())), BENCH
    ).scores
    assert found["hallucination_rate"] == found["hallucination_rate.fabrication"] == (1, 2)
    assert found["hallucination_rate_answers"] == (1, 1)
    assert found["contradicted_rate"] == (0, 2)
