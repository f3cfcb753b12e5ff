"""What the commands share: exit statuses, and the workspace's assistant."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.assistant import Assistant

OK, SET_ASIDE = 0, 1


def open_assistant(arguments: Namespace) -> Assistant:
    """The workspace's assistant, over the index named if one is."""
    from assistant.assistant import Assistant

    return Assistant(arguments.workspace, [arguments.index] if arguments.index else [])
