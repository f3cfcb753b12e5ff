"""Prompt templates: Markdown files with a small front matter, read from the workspace first.

    ---
    name: answer
    version: 1
    purpose: answer a question from evidence
    ---
    # System
    …
    # User
    … {{question}} … {{evidence}}

A placeholder is `{{word}}`. Values are put in once and never looked through again, so that a placeholder
inside retrieved text stays text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from assistant.errors import WardroundError

_FRONT = re.compile(r"\A---\s*\n(?P<front>.*?)\n---\s*\n(?P<body>.*)\Z", re.DOTALL)
_PART = re.compile(r"^# (System|User)[ \t]*$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template: its two messages, and what its front matter says beside (`facts`)."""

    name: str
    version: str
    purpose: str
    system: str
    user: str
    facts: Mapping[str, str]

    @property
    def id(self) -> str:
        """As an answer names it: "answer@1"."""
        return f"{self.name}@{self.version}"

    @property
    def sections(self) -> tuple[str, ...]:
        """A report template's section names, in order."""
        return tuple(part.strip() for part in self.facts.get("sections", "").split(",") if part.strip())

    def messages(self, **values: str) -> tuple[str, str]:
        """The system and the user message with the values put in.

        Raises WardroundError naming a placeholder that nothing fills.
        """

        def fill(match: re.Match[str]) -> str:
            try:
                return values[match[1]]
            except KeyError:
                known = ", ".join(sorted(values))
                raise WardroundError(
                    "prompt {id}: nothing fills {match} (there is: {known})", id=self.id, match=match[0], known=known
                ) from None

        return _PLACEHOLDER.sub(fill, self.system), _PLACEHOLDER.sub(fill, self.user)


def load_prompt(name: str, prompts_dir: Path | None = None) -> Prompt:
    """The template `name`.md: from `prompts_dir` if it is there, else the one that ships with Wardround.

    Raises WardroundError when there is none of that name, or the file has no front matter, no version or no
    "# System" and "# User" parts.
    """
    if not _NAME.fullmatch(name):
        raise WardroundError("prompt {name!r}: a name is lower-case letters, digits, - and _", name=name)
    for where in (prompts_dir, *_shipped()):
        if where is not None and (where / f"{name}.md").is_file():
            return _parse(name, (where / f"{name}.md").read_text(encoding="utf-8"), str(where / f"{name}.md"))
    raise WardroundError("no prompt {name!r}: put {name}.md into the workspace's prompts folder", name=name)


def prompt_of(name: str, variant: str = "", prompts_dir: Path | None = None) -> Prompt:
    """The template `name`-`variant`.md where there is one, else `name`.md. Raises as `load_prompt` does."""
    special = f"{name}-{variant}"
    there = any(where is not None and (where / f"{special}.md").is_file() for where in (prompts_dir, *_shipped()))
    return load_prompt(special if variant and there else name, prompts_dir)


def report_templates(prompts_dir: Path | None = None) -> list[Prompt]:
    """The templates of reports, those of `prompts_dir` first where a name is there twice; one that can't be read is
    left out."""
    found: dict[str, Prompt] = {}
    for where in (prompts_dir, *_shipped()):
        for path in sorted(where.glob("*.md")) if where is not None and where.is_dir() else ():
            with suppress(WardroundError, UnicodeDecodeError, OSError):
                prompt = load_prompt(path.stem, prompts_dir)
                if prompt.sections:
                    found.setdefault(prompt.name, prompt)
    return [found[name] for name in sorted(found)]


def _shipped() -> tuple[Path, ...]:
    packaged = Path(str(resources.files("assistant"))) / "data" / "prompts"
    checkout = Path(__file__).resolve().parents[2] / "prompts"
    return packaged, checkout


def _parse(name: str, text: str, where: str) -> Prompt:
    found = _FRONT.match(text.replace("\r\n", "\n"))
    if not found:
        raise WardroundError("{where}: begins with no front matter (--- name, version, purpose ---)", where=where)
    lines = (line.partition(":") for line in found["front"].splitlines() if line.strip())
    facts = {key.strip(): value.strip() for key, _, value in lines}
    if not facts.get("version"):
        raise WardroundError("{where}: the front matter states no version", where=where)
    pieces = _PART.split(found["body"])
    parts = {pieces[i].lower(): pieces[i + 1].strip() for i in range(1, len(pieces), 2)}
    if not parts.get("system") or not parts.get("user"):
        raise WardroundError("{where}: a prompt has a '# System' and a '# User' part", where=where)
    return Prompt(name, facts["version"], facts.get("purpose", ""), parts["system"], parts["user"], facts)
