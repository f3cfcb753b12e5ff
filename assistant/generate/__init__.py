"""Who writes the sentences: a quoting answerer, and language models behind the same interface."""

from assistant.generate.answerers import open_answerer
from assistant.generate.context import Context, Exchange
from assistant.generate.fallback import TakenOver, answer_or_quote
from assistant.generate.followup import Standalone, stand_alone
from assistant.generate.orders import harmless
from assistant.generate.prompts import Prompt, load_prompt, report_templates
from assistant.generate.task import Answerer, DraftTask, Task

__all__ = [
    "Answerer",
    "Context",
    "DraftTask",
    "Exchange",
    "Prompt",
    "Standalone",
    "TakenOver",
    "Task",
    "answer_or_quote",
    "harmless",
    "load_prompt",
    "open_answerer",
    "report_templates",
    "stand_alone",
]
