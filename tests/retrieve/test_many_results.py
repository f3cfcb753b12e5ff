"""As many results as are asked for, where the archive holds them."""

import csv

import pytest

from assistant.assistant import Assistant
from assistant.settings import Settings

STATED, OTHERS = 40, 30


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("many")
    (home / "data").mkdir()
    places = ("apex", "base", "hilum", "lingula", "middle lobe", "periphery")
    with (home / "data" / "reports.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "report"))
        for n in range(STATED):
            writer.writerow((f"c{n}", f"Cardiomegaly, {n + 20} mm wider. Scar of the {places[n % 6]}, {n} mm."))
        for n in range(OTHERS):
            writer.writerow((f"o{n}", f"Old fracture of rib {n % 12 + 1}. Scar of the {places[n % 6]}, {n + 50} mm."))
    recipe = home / "reports.toml"
    recipe.write_text(
        'name = "reports"\n[[source]]\npath = "data"\nmanifest = "reports.csv"\ndeidentify = false\n'
        '[source.columns]\nid = "id"\npatient_id = "id"\ntext = "report"\n[source.defaults]\nmodality = "SR"\n',
        encoding="utf-8",
    )
    Assistant.build(recipe, workspace=home)
    return home


@pytest.mark.parametrize("text", ["", "enlarged heart"])
def test_a_search_by_finding_gives_all_that_a_count_counts(home, text):
    settings = Settings(retrieve={"candidates": 10})
    assistant = Assistant.open(home, settings=settings)
    found = assistant.search(text, k=60, findings=["cardiomegaly"]).evidence
    assert {piece.external_id for piece in found} == {f"c{n}" for n in range(STATED)}
    assert len(assistant.search(text, k=5, findings=["cardiomegaly"]).evidence) == 5
