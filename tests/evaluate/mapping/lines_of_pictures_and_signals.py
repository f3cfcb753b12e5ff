"""A few invented lines in the format of each set of pictures, signals and radiology reports."""

import json

from set_files import Lines, csv, jsonl, openi, tgz

HEADER = "{0} 2 500 5000\n{0}.dat 16 1000/mV 0 0 0 0 0 i\n{0}.dat 16 1000/mV 0 0 0 0 0 ii\n"
PTBXL = csv(
    ("ecg_id", "patient_id", "age", "sex", "report", "scp_codes", "strat_fold", "filename_lr", "filename_hr"),
    (7, 70, 61, 1, "vorhofflimmern", "{'AFIB': 100.0, 'NDT': 0.0}", 10, "records100/7_lr", "records500/00000/00007_hr"),
    (8, 80, 50, 0, "sinus rhythm", "{'SR': 0.0}", 10, "records100/8_lr", "records500/00000/00008_hr"),
    (9, 90, 50, 0, "sinus rhythm", "{'SR': 0.0}", 3, "records100/9_lr", "records500/00000/00009_hr"),
)

PICTURES_AND_SIGNALS: Lines = {
    "vqa_rad": (
        {
            "VQA_RAD Dataset Public.json": json.dumps(
                [
                    {
                        "qid": "1",
                        "image_name": "a.jpg",
                        "image_organ": "CHEST",
                        "question": "Is there a mass?",
                        "answer": "Yes",
                        "question_type": "PRES",
                        "phrase_type": "freeform",
                    },
                    {"qid": 2, "image_name": "a.jpg", "question": "Where?", "answer": "left lobe"},
                ]
            )
        },
        {
            "1": {
                "task": "choose",
                "choices": ("yes", "no"),
                "files": ("./VQA_RAD Image Folder/a.jpg",),
                "group": "a.jpg",
                "reference": {"answer": "yes", "answerable": True, "choice": 0},
            },
            "2": {"question": "Where?", "reference": {"answer": "left lobe", "answerable": True}},
        },
    ),
    "slake": (
        {
            "test.json": json.dumps(
                [
                    {
                        "qid": 5,
                        "img_id": 3,
                        "img_name": "xmlab3/source.jpg",
                        "question": "Is it a CT?",
                        "answer": "No",
                        "q_lang": "en",
                        "location": "Lung",
                        "modality": "MRI",
                        "content_type": "Modality",
                        "base_type": "vqa",
                    },
                    {
                        "qid": 6,
                        "img_id": 3,
                        "img_name": "xmlab3/source.jpg",
                        "question": "这是CT吗",
                        "answer": "不是",
                        "q_lang": "zh",
                        "location": "Lung",
                        "modality": "MRI",
                        "content_type": "Modality",
                        "base_type": "vqa",
                    },
                ]
            )
        },
        {"5": {"files": ("./imgs/xmlab3/source.jpg",), "reference": {"answer": "no", "answerable": True, "choice": 1}}},
    ),
    "pathvqa": (
        {"test_qa.json": json.dumps([{"image": "test_0001", "question": "is it acute?", "answer": "yes"}])},
        {"test_0001-1": {"files": ("images/test/test_0001.jpg",), "question": "is it acute?"}},
    ),
    "mimic_cxr": (
        {
            "files/p10/p100/s5.txt": "FINAL REPORT\n FINDINGS: Left\n effusion.\n IMPRESSION: Effusion. No change.",
            "files/p10/p101/s6.txt": "WET READ: nothing new\n",
        },
        {
            "s5-impression": {
                "context": ("FINDINGS: Left effusion.",),
                "exclude_patient": "p100",
                "group": "p100",
                "reference": {
                    "answer": "Effusion. No change.",
                    "answerable": True,
                    "statements": ("Effusion.", "No change."),
                },
            },
            "s5-draft": {"task": "draft", "study": "s5", "patient": "p100"},
        },
    ),
    "mimic_cxr_vqa": (
        {
            "test.json": json.dumps(
                [
                    {
                        "idx": 1,
                        "subject_id": 10,
                        "study_id": 5,
                        "image_path": "p10/p10/s5/x.jpg",
                        "question": "Is it rotated?",
                        "semantic_type": "verify",
                        "content_type": "attribute",
                        "answer": ["yes"],
                    },
                    {
                        "idx": 2,
                        "subject_id": 10,
                        "study_id": 5,
                        "image_path": "p10/p10/s5/x.jpg",
                        "question": "What is seen?",
                        "semantic_type": "query",
                        "content_type": "abnormality",
                        "answer": ["edema", "effusion"],
                    },
                    {
                        "idx": 3,
                        "subject_id": 10,
                        "study_id": 5,
                        "image_path": "p10/p10/s5/x.jpg",
                        "question": "What is seen?",
                        "semantic_type": "query",
                        "content_type": "abnormality",
                        "answer": [],
                    },
                ]
            )
        },
        {
            "1": {"files": ("./files/p10/p10/s5/x.jpg",), "exclude_patient": "10"},
            "2": {"reference": {"answerable": True, "must": ("edema", "effusion")}},
        },
    ),
    "iu_xray": (
        {
            "reports.tgz": tgz(
                a=openi(
                    "CXR1", "Small right pleural effusion. No pneumothorax.", "Effusion.", "Pleural Effusion/right"
                ),
                b=openi("CXR2", "Left effusion..", "Left effusion. Old.", "Pleural Effusion/left"),
                c=openi("CXR3", "", "Normal.", "normal"),
            )
        },
        {
            "CXR1-Pleural Effusion": {"reference": {"answer": "yes", "answerable": True, "choice": 0}},
            "CXR1-Pneumothorax": {
                "question": "Is there a pneumothorax?",
                "exclude_patient": "CXR1",
                "reference": {"answer": "no", "answerable": True, "choice": 1},
            },
            "CXR1-similar": {"reference": {"gold": ("CXR2",), "labels": ("Pleural Effusion",)}},
            "CXR1-impression": {},
            "CXR2-Pleural Effusion": {},
            "CXR2-similar": {},
            "CXR2-impression": {"context": ("FINDINGS: Left effusion.",)},
        },
    ),
    "chexpert": (
        {
            "CheXpert-v1.0-small/valid.csv": csv(
                (
                    "Path",
                    "Sex",
                    "Age",
                    "Frontal/Lateral",
                    "AP/PA",
                    "Cardiomegaly",
                    "Edema",
                    "Consolidation",
                    "Atelectasis",
                    "Pneumothorax",
                    "Pleural Effusion",
                ),
                (
                    "CheXpert-v1.0-small/valid/patient1/study1/view1_frontal.jpg",
                    "Female",
                    68,
                    "Frontal",
                    "AP",
                    "1.0",
                    "-1.0",
                    "",
                    "",
                    "",
                    "0.0",
                ),
            )
        },
        {
            "CheXpert-v1.0-small/valid/patient1/study1/view1_frontal.jpg-Cardiomegaly": {
                "files": ("CheXpert-v1.0-small/valid/patient1/study1/view1_frontal.jpg",),
                "group": "patient1",
                "question": "Is there cardiomegaly?",
                "reference": {"answer": "yes", "answerable": True, "choice": 0},
            },
            "CheXpert-v1.0-small/valid/patient1/study1/view1_frontal.jpg-Pleural Effusion": {
                "reference": {"answer": "no", "answerable": True, "choice": 1}
            },
        },
    ),
    "ptbxl": (
        {"ptb-xl/ptbxl_database.csv": PTBXL},
        {
            "7-report": {
                "files": ("ptb-xl/records500/00000/00007_hr.hea",),
                "exclude_patient": "70",
                "reference": {"answer": "vorhofflimmern", "answerable": True, "labels": ("AFIB", "NDT")},
            },
            "8-report": {},
            "7-fibrillation": {"reference": {"answer": "yes", "answerable": True, "choice": 0}},
            "8-fibrillation": {"reference": {"answer": "no", "answerable": True, "choice": 1}},
        },
    ),
    "ecg_qa": (
        {
            "ecgqa/paraphrased/test.json": json.dumps(
                [
                    {
                        "sample_id": 0,
                        "question_type": "single-verify",
                        "attribute_type": "scp_code",
                        "question": "Is it AF?",
                        "answer": ["yes"],
                        "ecg_id": [7],
                        "attribute": ["af"],
                    },
                    {
                        "sample_id": 1,
                        "question_type": "comparison_consecutive-query",
                        "attribute_type": "scp_code",
                        "question": "What is new?",
                        "answer": ["af", "noise"],
                        "ecg_id": [7, 8],
                        "attribute": None,
                    },
                ]
            ),
            "ptb-xl/ptbxl_database.csv": PTBXL,
        },
        {
            "0": {"files": ("ptb-xl/records500/00000/00007_hr.hea",), "exclude_patient": "70"},
            "1": {
                "files": ("ptb-xl/records500/00000/00007_hr.hea", "ptb-xl/records500/00000/00008_hr.hea"),
                "reference": {"answerable": True, "must": ("af", "noise")},
            },
        },
    ),
    "meeti": (
        {
            "meeti.jsonl": jsonl(
                {"study_id": 4, "subject_id": 9, "path": "p9/4.hea", "report": "Sinus rhythm. Normal axis."}
            )
        },
        {"4": {"files": ("./p9/4.hea",), "exclude_patient": "9"}},
    ),
    "mmxu": (
        {
            "MMXU-test.jsonl": jsonl(
                {
                    "id": 1,
                    "content_type": "change",
                    "related_region_name": "left lung",
                    "question": "What changed?",
                    "options": {"A": "worse", "B": "better", "C": "same"},
                    "answer": "B",
                    "cur_image_path": "files/p10/p10000001/s2/b.jpg",
                    "prior_image_path": ["files/p10/p10000001/s1/a.jpg"],
                }
            )
        },
        {
            "1": {
                "choices": ("worse", "better", "same"),
                "group": "p10000001",
                "files": ("./files/p10/p10000001/s2/b.jpg", "./files/p10/p10000001/s1/a.jpg"),
                "reference": {"answerable": True, "choice": 1},
            }
        },
    ),
    "probmed": (
        {
            "test.json": json.dumps(
                [
                    {
                        "id": 3,
                        "qa_type": "entity_gt_1",
                        "question": "Is there edema?",
                        "answer": "yes",
                        "image": "x/3.jpg",
                        "image_type": "xray_chest",
                    },
                    {
                        "id": 3,
                        "qa_type": "entity_hallu_1",
                        "question": "Is there a stone?",
                        "answer": "no",
                        "image": "x/3.jpg",
                        "image_type": "xray_chest",
                    },
                ]
            )
        },
        {
            "3-entity_gt_1-1": {"pair": "3-entity_1", "files": ("./x/3.jpg",)},
            "3-entity_hallu_1-2": {"pair": "3-entity_1"},
        },
    ),
    "mediconfusion": (
        {
            "data/dataset.csv": csv(
                (
                    "",
                    "id",
                    "im_1",
                    "im_2",
                    "im_1_local",
                    "im_2_local",
                    "question",
                    "option_A",
                    "option_B",
                    "im_1_correct",
                    "im_2_correct",
                ),
                (0, 11, "r/1.jpg", "r/2.jpg", 201, 202, "What is seen?", "a cyst", "a stone", "B", "A"),
            )
        },
        {
            "11-1": {"pair": "11", "files": ("data/images/201.jpg",), "reference": {"answerable": True, "choice": 1}},
            "11-2": {"pair": "11", "files": ("data/images/202.jpg",), "reference": {"answerable": True, "choice": 0}},
        },
    ),
    "covid_chestxray": (
        {
            "metadata.csv": csv(
                ("patientid", "offset", "sex", "finding", "view", "modality", "filename", "clinical_notes"),
                (1, 0, "F", "Legionella", "PA", "X-ray", "a.jpg", "Cough."),
                (1, 3, "F", "Legionella", "PA", "X-ray", "b.jpg", ""),
                (2, 0, "M", "Legionella", "PA", "X-ray", "c.jpg", ""),
                (3, 0, "M", "todo", "PA", "CT", "d.jpg", ""),
            )
        },
        {
            "a.jpg-similar": {
                "files": ("./images/a.jpg",),
                "exclude_patient": "1",
                "reference": {"gold": ("c.jpg",), "labels": ("Legionella",)},
            },
            "b.jpg-similar": {},
            "c.jpg-similar": {"reference": {"gold": ("a.jpg", "b.jpg"), "labels": ("Legionella",)}},
            "a.jpg-notes": {"question": "Cough."},
            "a.jpg-draft": {"files": ("./images/a.jpg",), "exclude_patient": "1", "reference": {"report": "Cough."}},
        },
    ),
    "nih_chestxray14": (
        {
            "Data_Entry_2017_v2020.csv": csv(
                (
                    "Image Index",
                    "Finding Labels",
                    "Follow-up #",
                    "Patient ID",
                    "Patient Age",
                    "Patient Gender",
                    "View Position",
                ),
                ("1_0.png", "Mass|Effusion", 0, 1, 60, "M", "PA"),
                ("2_0.png", "Effusion", 0, 2, 50, "F", "AP"),
                ("3_0.png", "No Finding", 0, 3, 50, "F", "AP"),
            )
        },
        {
            "1_0.png": {
                "files": ("./images/1_0.png",),
                "exclude_patient": "1",
                "reference": {"gold": ("2_0.png",), "labels": ("Mass", "Effusion")},
            },
            "2_0.png": {"reference": {"gold": ("1_0.png",), "labels": ("Effusion",)}},
        },
    ),
    "ludb": (
        {
            "data/3.hea": HEADER.format(3) + "#<age>: 60\n#<sex>: F\n#<diagnoses>:\n#Rhythm: Atrial fibrillation.\n"
            "#Electric axis of the heart: normal.\n#Left ventricular hypertrophy.\n"
        },
        {
            "3-rhythm": {
                "files": ("data/3.hea",),
                "without_comments": True,
                "exclude_patient": "3",
                "reference": {"answerable": True, "labels": ("atrial fibrillation", "left ventricular hypertrophy")},
            },
            "3-fibrillation": {"reference": {"answer": "yes", "answerable": True, "choice": 0}},
            "3-similar": {},
        },
    ),
    "challenge2021": (
        {
            "g1/A1.hea": HEADER.format("A1") + "# Age: 50\n# Sex: Male\n# Dx: 164889003,111\n",
            "dx_mapping_scored.csv": "Dx,SNOMEDCTCode,Abbreviation\natrial fibrillation,164889003,AF\n",
            "dx_mapping_unscored.csv": "Dx,SNOMEDCTCode,Abbreviation\nother thing,1111,OT\n",
        },
        {
            "A1-rhythm": {
                "without_comments": True,
                "reference": {"answerable": True, "labels": ("atrial fibrillation",)},
            },
            "A1-fibrillation": {"reference": {"answer": "yes", "answerable": True, "choice": 0}},
        },
    ),
}
