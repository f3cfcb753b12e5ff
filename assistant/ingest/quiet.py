"""Libraries' warnings are for developers; a user reads reasons instead."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOUD = ("pydicom", "pypdf", "PIL", "wfdb")


_lock = threading.Lock()
_levels: list[int] = []
_depth = 0


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings and log lines of the reading libraries off the user's terminal.

    Who reads many files holds it open around all of them: entering it once more inside costs nothing.
    """
    with _inside() as is_first:
        if not is_first:
            yield
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield


@contextmanager
def _inside() -> Iterator[bool]:
    """Silence the loggers at the first entry and restore them at the last exit, over all threads."""
    global _depth
    loggers = [logging.getLogger(name) for name in _LOUD]
    with _lock:
        _depth += 1
        if is_first := _depth == 1:
            _levels[:] = [logger.level for logger in loggers]
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
    try:
        yield is_first
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                for logger, level in zip(loggers, _levels, strict=True):
                    logger.setLevel(level)
