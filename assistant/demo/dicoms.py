"""Real pictures of other modalities, from the test files that pydicom carries.

They show what an archive of several modalities looks like; each is a patient and a study of its own, and nothing
is said about them but what their own tags and the letters in the picture say.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from assistant.demo.manifest import Row, write_manifest

# (file, title, region). Those left out are tiny, drawn, or compressed in a way that needs further decoders.
_FILES = (
    ("693_J2KI.dcm", "CT, 5 mm plain", "head"),
    ("J2K_pixelrep_mismatch.dcm", "CT of the head", "head"),
    ("CT_small.dcm", "CT, detail of a vertebra", "spine"),
    ("MR_small.dcm", "MR, detail", ""),
    ("examples_overlay.dcm", "MR of the abdomen, marked lesion", "liver"),
    ("JPEG2000.dcm", "Whole-body bone scan", "whole body"),
    ("examples_rgb_color.dcm", "Colour Doppler ultrasound, lymph node", "lymph node"),
    ("examples_palette.dcm", "Obstetric ultrasound, distance measured", "pelvis"),
    ("examples_ybr_color.dcm", "Echocardiogram, parasternal long axis (PLA)", "heart"),
)


def make(material: Path, folder: Path) -> None:
    """Copy the pictures that this version of pydicom has, and write their manifest, into `folder`."""
    rows: list[Row] = []
    for name, title, region in _FILES:
        if not (material / name).is_file():
            continue
        shutil.copyfile(material / name, folder / name)
        key = f"dicom-{Path(name).stem}"
        rows.append({"id": key, "path": name, "patient_id": key, "study_id": key, "title": title, "region": region})
    write_manifest(folder, rows)
