"""A small archive that tests share: five pictures of four patients, four notes."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from assistant.assistant import Assistant

ROWS = [  # file, patient, note, finding
    ("a.png", "100", "Large right pleural effusion with compressive atelectasis.", "Effusion"),
    ("b.png", "100", "The effusion has become smaller after drainage.", "Effusion"),
    ("c.png", "200", "Heart size is normal. The lungs are clear.", "No Finding"),
    ("d.png", "300", "", "Cardiomegaly"),
    ("e.png", "400", "Comminuted fracture of the distal radius.", "Fracture"),
]


def draw(seed, shape):
    """A picture with a structure of its own: blobs of one random arrangement."""
    noise = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]] / 64.0
    field = sum(np.sin(noise.uniform(1, 6) * x + noise.uniform(1, 6) * y + noise.uniform(0, 6)) for _ in range(4))
    return (127 + 120 * np.tanh(field)).astype(np.uint8)


def build_small_archive(workspace: Path) -> None:
    """A workspace with one index "chest" of five made pictures, four notes and their labels."""
    data = workspace / "data"
    data.mkdir()
    for seed, (name, *_rest) in enumerate(ROWS):
        Picture.fromarray(draw(seed, (160, 200))).save(data / name)
    with (data / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "patient", "note", "finding"])
        writer.writerows(ROWS)
    recipe = workspace / "indexes" / "chest.toml"
    recipe.parent.mkdir()
    recipe.write_text(
        'name = "chest"\n[[source]]\npath = "../data"\nmanifest = "rows.csv"\n'
        '[source.columns]\nid = "file"\npath = "{file}"\npatient_id = "patient"\ntext = "note"\n'
        '[source.labels]\nfinding = "finding"\n[source.defaults]\nmodality = "CR"\n'
    )
    report = Assistant.build(recipe)
    assert report.records == {"image": 5, "signal": 0, "text": 4}
    assert not report.set_aside
