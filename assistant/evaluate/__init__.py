"""The offline evaluation: suites, metrics with intervals, runs, scorecards.

Cut as inspect_ai is: a data set of cases (`dataset`), a solver that asks the assistant (`solver`), scorers that
judge one answered case (`scorers`, `judge`), metrics that reduce scores (`metrics`, `bootstrap`, `result`), and
a log that can be read back (`log`). `metrics` and `bootstrap` stand alone: numpy is all they need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.evaluate.result import RunResult
    from assistant.evaluate.run import run_suite

__all__ = ["RunResult", "run_suite"]


def __getattr__(name: str) -> Any:
    """Imported when first used, so that a benchmark that wants a metric does not load the checker."""
    if name not in __all__:
        raise AttributeError(f"module 'assistant.evaluate' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"assistant.evaluate.{'run' if name == 'run_suite' else 'result'}"), name)
