"""What each command of the command line does, by subject; see `cli.py` for its arguments."""

from assistant.commands.accounts import run_user
from assistant.commands.asking import run_ask, run_search
from assistant.commands.building import run_chat, run_demo, run_index, run_init
from assistant.commands.checking import run_check
from assistant.commands.drafting import run_draft
from assistant.commands.evaluating import run_eval, run_probe
from assistant.commands.keeping import run_doctor, run_feedback, run_forget
from assistant.commands.reading import run_deidentify, run_measure, run_read
from assistant.commands.serving import run_serve_llm

__all__ = [
    "run_ask",
    "run_chat",
    "run_check",
    "run_deidentify",
    "run_demo",
    "run_doctor",
    "run_draft",
    "run_eval",
    "run_feedback",
    "run_forget",
    "run_index",
    "run_init",
    "run_measure",
    "run_probe",
    "run_read",
    "run_search",
    "run_serve_llm",
    "run_user",
]
