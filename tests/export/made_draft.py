"""A draft made by hand: measured values, a similar picture, reports, and texts that want to be more than text."""

import numpy as np

from assistant.records import BoxPlace, Claim, Draft, Evidence, Image, Record, Section, TextPlace, ValuePlace

HOSTILE = (
    '</p><script>alert("x")</script>',
    "<b>bold</b> <font color=red>red</font> <img src='http://evil/x.png'/> &amp; &#60;",
    "]]> <!-- --> <?xml version='1.0'?> <!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "control \x00\x07\x1b[31m\x85 end, lone \ud800 surrogate, \ufffe",
    "right to left \u202eevil\u202c, zero\u200bwidth",
    "{{evidence}} {0} %s ${HOME} [[x]] =cmd|' /C calc'!A0",
    'TOC \\o "1-3" HYPERLINK "http://evil"',
    "Ωμέγα, кириллица, ≥ 5 µm, 38 °C, “quoted” – dash, 中文",
    "word " * 3_000,
)


def evidence(number, relation, kind="text", text="", place=None, why="", **more):
    return Evidence(
        id=f"e{number}", record_id=f"r{number}", kind=kind, modality=more.pop("modality", "CR"), relation=relation,
        text=text, place=place, score=0.97, kept=True, why=why, **more,
    )  # fmt: skip


def made_draft(texts=HOSTILE, study_id="study 1"):
    """One claim for each text, each citing a similar report that says it, and measured values in front."""
    pieces = [
        evidence(0, "own", "image", "Uploaded", BoxPlace((0, 0, 40, 30)), "uploaded picture", patient_id="P-1"),
        evidence(1, "own", "signal", "Heart rate 72 beats/min.", ValuePlace("heart_rate_bpm", 72.0, "beats/min"),
                 "measured on the upload", modality="ECG", patient_id="P-1"),
        evidence(2, "similar", "image", "finding: effusion", BoxPlace((0, 0, 9, 9)), "alike", study_id="S-2"),
    ]  # fmt: skip
    pieces += [
        evidence(10 + n, "similar", text=text, place=TextPlace(0, len(text)), section="FINDINGS", study_id=f"S-{n}")
        for n, text in enumerate(texts)
    ]
    claims = [Claim("Heart rate 72 beats/min.", "patient", "supported", None, ("e1",), 1.0)]
    said = [
        Claim(f"In a similar study: “{t}”", "similar", "supported", None, (f"e{10 + n}", "e2"))
        for n, t in enumerate(texts)
    ]
    bad = Claim(
        "There is no effusion.", "patient", "contradicted", "negation", ("e2",), 0.1, "the evidence says effusion"
    )
    sections = (Section("MEASUREMENTS", tuple(claims)), Section("FINDINGS", (*said, bad)))
    flags = ("contradiction: 1 sentence contradicted", f"measurement against text: the text says “{texts[0]}”")
    return Draft(study_id, sections, tuple(pieces), flags, "quote", "draft@1")


def record(record_id, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 255, (30, 40), np.uint8)
    return Record("image", "CR", "x.png", record_id=record_id, image=Image(pixels))
