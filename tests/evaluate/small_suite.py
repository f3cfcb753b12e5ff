"""Four reports in a real index, three questions about them, and an assistant that counts how often it is asked."""

import json
import threading

from assistant import Assistant
from assistant.errors import ModelUnavailable

REPORTS = {
    "r1": "There is a small left pleural effusion. The heart is normal in size.",
    "r2": "No pneumothorax is seen. The lungs are clear.",
    "r3": "Large right pneumothorax with collapse of the right lung.",
    "r4": "Atrial fibrillation was found in 41 percent of the patients who were monitored for three years.",
}
CASES = [
    {"id": "fibrillation", "question": "How often was atrial fibrillation found in monitored patients?",
     "reference": {"answerable": True, "gold": ["r4"], "must": ["41"]}, "group": "r4"},
    {"id": "effusion", "question": "Is there a pleural effusion <b>on the left</b>?",
     "reference": {"answerable": True, "gold": ["r1"]}, "group": "r1"},
    {"id": "football", "question": "Who won the 1998 football world cup?", "reference": {"answerable": False}},
]  # fmt: skip


def build_workspace(home):
    """A workspace at `home` with the index `small` built and the suite `tiny` written."""
    (home / "indexes" / "data").mkdir(parents=True)
    rows = "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in REPORTS.items())
    (home / "indexes" / "data" / "rows.jsonl").write_text(rows)
    (home / "indexes" / "small.toml").write_text(
        'name = "small"\n[[source]]\npath = "data"\nmanifest = "rows.jsonl"\n'
        '[source.columns]\nid = "id"\ntext = "text"\n[source.defaults]\nmodality = "DOC"\n'
    )
    Assistant.build(home / "indexes" / "small.toml", workspace=home)
    write_suite(home, CASES)
    return home


def write_suite(home, cases, extra="", name="tiny"):
    (home / "eval").mkdir(exist_ok=True)
    (home / "eval" / f"{name}.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    (home / "eval" / f"{name}.toml").write_text(f'name = "{name}"\ncases = "{name}.jsonl"\nindex = "small"\n{extra}')
    return home / "eval" / f"{name}.toml"


class Stub:
    """Asks the real assistant and counts how often; fails where told to."""

    def __init__(self, workspace, fails_after=None):
        self.real, self.asked, self.fails_after = Assistant(workspace, ["small"]), 0, fails_after
        self.counting = threading.Lock()

    def search(self, *given, **options):
        return self.real.search(*given, **options)

    def ask(self, *given, **options):
        with self.counting:
            if self.asked == self.fails_after:
                raise ModelUnavailable("no answer from the server")
            self.asked += 1
        return self.real.ask(*given, **options)
