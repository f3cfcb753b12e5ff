"""An archive to look around in: one patient with several dated studies, another patient, and a guide of many pages."""

import csv

from browsing import radiograph, save_pdf
from PIL import Image as Pillow

from assistant.assistant import Assistant

FILLING = ("The ward round begins at eight and goes from bed to bed. " * 12).strip()
GUIDE = (
    "Ward guide. Chapter 1. Hand hygiene is done before and after every patient.",
    "Chapter 2. Amiodarone. The loading dose of amiodarone is 300 mg over 60 minutes.",
    "Chapter 3. Anticoagulation. Warfarin is paused five days before surgery.",
)
STUDIES = (  # key, patient, date, shade of the effusion, report
    ("first", "ward-7", "2019-03-01", 0.3, "FINDINGS: There is a large right pleural effusion. No pneumothorax."),
    (
        "second",
        "ward-7",
        "2019-06-10",
        0.15,
        "FINDINGS: The right pleural effusion is smaller. No pneumothorax.",
    ),
    ("third", "ward-7", "2020-06-12", 0.0, "FINDINGS: The lungs are clear. There is no pleural effusion."),
    ("other", "ward-8", "2019-04-02", 0.28, "FINDINGS: Moderate right pleural effusion with atelectasis."),
    ("nodule", "ward-9", "2018-01-05", 0.0, "FINDINGS: Left upper lobe nodule of 12 mm. No pleural effusion."),
)


def build_ward(home):
    """A workspace with the index `ward` (pictures and reports) and the index `guides` (a PDF and a long text)."""
    data, guides = home / "data", home / "guides"
    data.mkdir(parents=True)
    guides.mkdir()
    with (data / "studies.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "file", "patient", "date", "report"])
        for number, (key, patient, date, effusion, report) in enumerate(STUDIES):
            Pillow.fromarray(radiograph(effusion, number)).save(data / f"{key}.png")
            rows.writerow([key, f"{key}.png", patient, date, report])
    save_pdf(guides / "guide.pdf", GUIDE)
    dose = "Digoxin is given at a dose of 125 micrograms a day in renal failure."
    (guides / "handbook.txt").write_text("\n\n".join([*[FILLING] * 14, dose, *[FILLING] * 14]), encoding="utf-8")
    (home / "indexes").mkdir()
    ward, guide = home / "indexes" / "ward.toml", home / "indexes" / "guides.toml"
    ward.write_text(
        'name = "ward"\n[[source]]\npath = "../data"\nmanifest = "studies.csv"\n[source.columns]\nid = "id"\n'
        'path = "{file}"\npatient_id = "patient"\ntaken_at = "date"\ntext = "report"\n'
        '[source.defaults]\nmodality = "CR"\n',
        encoding="utf-8",
    )
    guide.write_text('name = "guides"\n[[source]]\npath = "../guides"\n', encoding="utf-8")
    for recipe in (ward, guide):
        Assistant.build(recipe, workspace=home)
