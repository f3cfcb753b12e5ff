"""A few invented lines in the format of each set of questions and texts."""

import json

from set_files import Lines, csv, jsonl

TEXTS: Lines = {
    "mirage": (
        {
            "benchmark.json": json.dumps(
                {
                    "pubmedqa": {
                        "77": {
                            "question": "Does it help?",
                            "options": {"A": "yes", "B": "no", "C": "maybe"},
                            "answer": "C",
                        }
                    },
                    "mmlu": {
                        "anatomy-000": {
                            "question": "Which nerve?",
                            "options": {"A": "x", "B": "y", "C": "z", "D": "w"},
                            "answer": "B",
                        }
                    },
                }
            )
        },
        {
            "pubmedqa-77": {"choices": ("yes", "no", "maybe"), "reference": {"choice": 2}},
            "mmlu-anatomy-000": {"choices": ("x", "y", "z", "w"), "reference": {"choice": 1}},
        },
    ),
    "medmcqa": (
        {
            "dev.json": jsonl(
                {
                    "id": "q1",
                    "question": "Which?",
                    "opa": "a",
                    "opb": "b",
                    "opc": "c",
                    "opd": "d",
                    "cop": 2,
                    "exp": "It is b.",
                    "subject_name": "Anatomy",
                    "choice_type": "single",
                },
                {
                    "id": "q2",
                    "question": "Which?",
                    "opa": "a",
                    "opb": "b",
                    "opc": "c",
                    "opd": "d",
                    "cop": 4,
                    "exp": None,
                    "subject_name": "Anatomy",
                    "choice_type": "multi",
                },
            )
        },
        {
            "q1": {"choices": ("a", "b", "c", "d"), "reference": {"choice": 1}},
            "q1-explained": {"context": ("It is b.",)},
            "q2": {"reference": {"choice": 3}},
        },
    ),
    "mmlu": (
        {"data/test/anatomy_test.csv": '"Which nerve, then?",vagus,facial,optic,ulnar,C\n'},
        {
            "anatomy-1": {
                "question": "Which nerve, then?",
                "choices": ("vagus", "facial", "optic", "ulnar"),
                "reference": {"choice": 2},
            }
        },
    ),
    "pubmedqa": (
        {
            "ori_pqal.json": json.dumps(
                {
                    "123": {
                        "QUESTION": "Does it help?",
                        "CONTEXTS": ["Aim.", "It helped 9 of 10."],
                        "LONG_ANSWER": "It helps. Mostly.",
                        "final_decision": "yes",
                        "YEAR": "2010",
                    }
                }
            )
        },
        {
            "123-decision": {
                "context": ("Aim.\nIt helped 9 of 10.",),
                "reference": {"answer": "yes", "answerable": True, "choice": 0},
            },
            "123-conclusion": {
                "reference": {"answer": "It helps. Mostly.", "answerable": True, "statements": ("It helps.", "Mostly.")}
            },
            "123-archive": {"reference": {"answer": "yes", "answerable": True, "choice": 0, "gold": ("123",)}},
        },
    ),
    "bioasq": (
        {
            "7B1_golden.json": json.dumps(
                {
                    "questions": [
                        {
                            "id": "f",
                            "type": "factoid",
                            "body": "Which gene?",
                            "exact_answer": [["CFTR"]],
                            "ideal_answer": ["It is CFTR."],
                            "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/111"],
                        },
                        {
                            "id": "g",
                            "type": "factoid",
                            "body": "Which drug?",
                            "exact_answer": [["aspirin", "ASA"]],
                            "ideal_answer": ["Aspirin."],
                            "documents": [],
                        },
                        {
                            "id": "y",
                            "type": "yesno",
                            "body": "Is it so?",
                            "exact_answer": "No",
                            "ideal_answer": ["No."],
                            "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/222"],
                        },
                        {
                            "id": "s",
                            "type": "summary",
                            "body": "What is it?",
                            "ideal_answer": ["One. Two."],
                            "documents": [],
                        },
                    ]
                }
            )
        },
        {
            "f-search": {"task": "search", "reference": {"gold": ("111",)}},
            "f-factoid": {
                "reference": {"answer": "It is CFTR.", "answerable": True, "gold": ("111",), "must": ("CFTR",)}
            },
            "y-yesno": {"reference": {"answer": "no", "answerable": True, "choice": 1, "gold": ("222",)}},
            "y-search": {},
            "s-summary": {"reference": {"answer": "One. Two.", "answerable": True, "statements": ("One.", "Two.")}},
        },
    ),
    "beir": (
        {
            "queries.jsonl": jsonl({"_id": "q", "text": "what?"}, {"_id": "none", "text": "who?"}),
            "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq\td1\t2\nq\td2\t0\n",
        },
        {"q": {"task": "search", "reference": {"gold": {"d1": 2.0, "d2": 0.0}}}},
    ),
    "liveqa": (
        {
            "queries.jsonl": jsonl({"_id": "T1", "text": "what?"}, {"_id": "T2", "text": "who?"}),
            "qrels.tsv": "query-id\tcorpus-id\tscore\nT1\td1\t3\nT1\td2\t1\nT2\td1\t1\n",
        },
        {
            "T1": {"reference": {"answerable": True, "gold": {"d1": 3.0, "d2": 1.0}}},
            "T2": {"reference": {"answerable": False}},
        },
    ),
    "medquad": (
        {
            "4_MPlus_QA/0000001.xml": (
                '<Document id="0000001" source="MPlus" url="https://x.org"><Focus>Gout</Focus><QAPairs><QAPair pid="1">'
                '<Question qid="0000001-1" qtype="information">What is (are) Gout ?</Question><Answer>Pain.</Answer>'
                '</QAPair><QAPair pid="2"><Question qid="0000001-2" qtype="causes">What causes Gout ?</Question>'
                "<Answer></Answer></QAPair></QAPairs></Document>"
            )
        },
        {
            "MPlus-0000001-1-search": {"question": "What is (are) Gout ?", "reference": {"gold": ("MPlus-0000001-1",)}},
            "MPlus-0000001-1-answer": {
                "reference": {"answer": "Pain.", "answerable": True, "gold": ("MPlus-0000001-1",)}
            },
        },
    ),
    "medhallu": (
        {
            "MedHallu_pqa_labeled.jsonl": jsonl(
                {
                    "pmid": "1",
                    "question": "q1?",
                    "knowledge": ["k1"],
                    "ground_truth": "t1",
                    "hallucinated_answer": "h1",
                    "difficulty": "hard",
                    "category": "x",
                },
                {
                    "pmid": "2",
                    "question": "q2?",
                    "knowledge": ["k2", "k3"],
                    "ground_truth": "t2",
                    "hallucinated_answer": "h2",
                    "difficulty": "easy",
                    "category": "x",
                },
            )
        },
        {
            "1-true": {"claim": "t1", "context": ("k1",), "pair": "1", "reference": {"verdict": "supported"}},
            "1-invented": {"claim": "h1", "reference": {"verdict": "unsupported"}},
            "1-true-elsewhere": {"context": ("k2", "k3"), "reference": {"verdict": "unsupported"}},
            "1-invented-elsewhere": {},
            "2-true": {},
            "2-invented": {},
            "2-invented-elsewhere": {},
            "2-true-elsewhere": {"context": ("k1",)},
        },
    ),
    "med_halt": (
        {
            "reasoning_fake.csv": csv(
                ("id", "subject_name", "question", "options"),
                ("u", "x", "Which?", "{'0': 'a', '1': 'b', '2': 'I do not know'}"),
            ),
            "reasoning_FCT.csv": csv(
                ("id", "question", "options", "correct_index"), ("v", "Which?", "{'0': 'a', '1': 'b'}", 1)
            ),
        },
        {"fake-u": {"choices": ("a", "b"), "reference": {"answerable": False}}, "fct-v": {"reference": {"choice": 1}}},
    ),
    "kqa": (
        {
            "questions_w_answers.jsonl": jsonl({"Question": "Q?", "Must_have": ["m1", "m2"], "Free_form_answer": "f"}),
            "nli_physician_labels.csv": csv(
                ("Question", "llm_x", "answer", "claim", "category_x", "majority_label"),
                ("Q?", "bard", "a", "c", "Must_have", "Contradiction"),
                ("Q?", "bard", "a", "d", "Must_have", ""),
            ),
        },
        {
            "question-1": {"reference": {"answer": "f", "statements": ("m1", "m2")}},
            "label-1": {"claim": "c", "context": ("a",), "group": "Q?", "reference": {"verdict": "contradicted"}},
        },
    ),
    "faithbench": (
        {
            "batch_3.json": json.dumps(
                {
                    "samples": [
                        {
                            "sample_id": 0,
                            "source": "S",
                            "summary": "good",
                            "annotations": [],
                            "metadata": {"summarizer": "m"},
                        },
                        {
                            "sample_id": 1,
                            "source": "S",
                            "summary": "bad",
                            "metadata": {},
                            "annotations": [{"label": ["Benign"]}, {"label": ["Unwanted", "Unwanted.Intrinsic"]}],
                        },
                        {
                            "sample_id": 2,
                            "source": "S",
                            "summary": "odd",
                            "annotations": [{"label": ["Questionable"]}],
                            "metadata": {},
                        },
                    ]
                }
            )
        },
        {"batch3-0": {"reference": {"verdict": "supported"}}, "batch3-1": {"reference": {"verdict": "unsupported"}}},
    ),
    "medec": (
        {
            "MEDEC-MS.csv": csv(
                (
                    "Text ID",
                    "Text",
                    "Sentences",
                    "Error Flag",
                    "Error Type",
                    "Error Sentence ID",
                    "Error Sentence",
                    "Corrected Sentence",
                ),
                ("t1", "A. B. C.", "0 A.\n1 B.\n2 C\nc.", 1, "diagnosis", 1, "B.", "D."),
                ("t2", "A.", "0 A.", 0, "NA", -1, "NA", "NA"),
            )
        },
        {
            "t1-0": {"claim": "A.", "context": ("B. C\nc.",), "reference": {"verdict": "supported"}},
            "t1-1": {"claim": "B.", "reference": {"verdict": "unsupported"}},
            "t1-2": {"claim": "C\nc."},
            "t1-wrong": {"claim": "B.", "context": ("A. C\nc.",), "pair": "t1"},
            "t1-corrected": {"claim": "D.", "pair": "t1"},
        },
    ),
    "mts_dialog": (
        {
            "MTS-Dialog-TestSet-1.csv": csv(
                ("ID", "section_header", "section_text", "dialogue"),
                (0, "ALLERGY", "No allergies. Takes iron.", "Doctor: Any?\nPatient: None."),
                (1, "PLAN", "Rest.", "Doctor: Rest."),
            ),
        },
        {
            "test-0-1": {"claim": "No allergies.", "context": ("Doctor: Any?\nPatient: None.",)},
            "test-0-2": {"claim": "Takes iron.", "group": "test-0"},
            "test-1-1": {},
            "test-0-1-elsewhere": {"context": ("Doctor: Rest.",), "reference": {"verdict": "unsupported"}},
            "test-0-2-elsewhere": {},
            "test-1-1-elsewhere": {},
        },
    ),
    "radfact": (
        {
            "radfact_test_examples.json": json.dumps(
                [
                    {
                        "example_id": "e",
                        "input": {"phrases_A": ["No effusion."], "phrases_B": ["Clear.", "Mass."]},
                        "output": {
                            "phrases_A_evidenced": [{"phrase": "No effusion.", "status": "entailment", "evidence": []}],
                            "phrases_B_evidenced": [{"phrase": "Mass.", "status": "contradiction", "evidence": []}],
                        },
                    }
                ]
            )
        },
        {
            "e-A1": {"context": ("Clear.", "Mass."), "reference": {"verdict": "supported"}},
            "e-B1": {"context": ("No effusion.",), "reference": {"verdict": "contradicted"}},
        },
    ),
}
