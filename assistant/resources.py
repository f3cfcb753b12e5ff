"""The files a wheel carries beside its code: default prompts, recipes and suites.

In a checkout they lie at its top, where people edit them; in a wheel below `assistant/data/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from assistant.errors import WardroundError

_PACKAGE = Path(__file__).resolve().parent

Resource = Literal["prompts", "indexes", "eval"]


def resource_dir(name: Resource) -> Path:
    """The folder of the default prompts, recipes or suites that came with this installation.

    Raises WardroundError when neither the package nor a checkout around it has the folder, which means
    that the installation is incomplete.
    """
    carried = _PACKAGE / "data" / name
    for folder in (carried, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise WardroundError(f"{carried}: not there: the installation is incomplete, reinstall wardround")
