"""What is known of a model: how it is served, how it is spoken to, what its licence asks. One TOML file each.

A profile is found by the model's name and can be named instead (`llm.profile`: a name, or a TOML file of one's own).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import WardroundError
from assistant.settings import LlmSettings
from assistant.toml_file import checked, read_toml

_HERE = Path(__file__).resolve().parent


class Profile(BaseModel):
    """A model's profile; the defaults suit a model that nothing is known of.

    `names` are words of a model's name: it is meant where all words of one entry are there. `images` is how many
    pictures it is made for at once (None: as many as the settings say), `side` the longest side in pixels that it makes
    use of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "unknown"
    title: str = ""
    names: tuple[tuple[str, ...], ...] = ()
    hub: tuple[str, ...] = ()
    licence: str = ""
    vllm: Literal["yes", "converted", "no"] = Field(
        "yes", description="whether vLLM serves it: as it is, converted, or not"
    )
    architectures: tuple[str, ...] = Field((), description="the names in vLLM's registry that it is served by")
    note: str = ""
    tried: str = ""
    images: int | None = None
    side: int = 1024
    context_tokens: int | None = Field(None, description="the longest context it was made for")
    system: Literal["apart", "in_user"] = Field(
        "apart", description="whether its template has a place for a system message"
    )
    pictures: Literal["behind", "in_front"] = Field("behind", description="where pictures stand, seen from the text")
    stop: tuple[str, ...] = ()
    chat_template: str | None = Field(None, description="a file beside the profile, for a model that brings none")
    arguments: tuple[str, ...] = Field((), description="further arguments for vLLM")
    languages: tuple[str, ...] = Field((), description="those alone that it understands (ISO 639-1); none: any")

    @property
    def chat_template_file(self) -> Path | None:
        return _HERE / self.chat_template if self.chat_template else None


UNKNOWN = Profile()


def profile_of(llm: LlmSettings, model: str | None = None) -> Profile:
    """The profile that the settings name, else the one that fits the model's name, else `UNKNOWN`.

    Args:
        llm: the settings; `llm.profile` is a profile's name or a TOML file, `llm.model` a hub name or a folder.
        model: the name that is looked at in place of `llm.model`.

    Raises:
        WardroundError: the named profile is not there, or its file can't be read.
    """
    if llm.profile:
        if llm.profile.endswith(".toml"):
            return _load(Path(llm.profile).expanduser())
        known = {profile.name: profile for profile in profiles()}
        if llm.profile not in known:
            raise WardroundError(f"llm.profile is {llm.profile!r}: it is a TOML file, or one of {', '.join(known)}")
        return known[llm.profile]
    path = Path(model or llm.model or "")
    for called in (path.name.lower(), "/".join(path.parts[-2:]).lower()):  # "Lingshu-7B", then "LANSG/GEM"
        fitting = [
            (sum(map(len, words)), profile)
            for profile in profiles()
            for words in profile.names
            if all(word in called for word in words)
        ]
        if fitting:
            return max(fitting, key=lambda found: found[0])[1]
    return UNKNOWN


@cache
def profiles() -> tuple[Profile, ...]:
    """The profiles that come with Wardround."""
    return tuple(_load(path) for path in sorted(_HERE.glob("*.toml")))


def _load(path: Path) -> Profile:
    return checked(path, Profile, {"name": path.stem, **read_toml(path, "no such profile of a model")})
