"""Libraries' warnings are for developers; a user reads reasons instead."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOUD = ("pydicom", "pypdf", "PIL", "wfdb")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings and log lines of the reading libraries off the user's terminal."""
    loggers = [logging.getLogger(name) for name in _LOUD]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
