"""The front door: names, aliases, errors, one instance a process."""

from __future__ import annotations

import pytest

from assistant.embed import open_encoder
from assistant.embed.registry import ENTRIES, fingerprint
from assistant.errors import RecipeError
from assistant.settings import EmbedSettings

SETTINGS = EmbedSettings()


def test_the_defaults_of_the_settings_are_registered() -> None:
    assert {SETTINGS.text, SETTINGS.image, SETTINGS.signal} <= {entry.name for entry in ENTRIES}


def test_a_wrong_name_lists_the_right_ones() -> None:
    with pytest.raises(
        RecipeError, match=r"no text encoder named 'bert': use minilm-int8 or .*sentence-transformers:<"
    ):
        open_encoder("text", "bert", SETTINGS)


def test_an_encoder_of_another_kind_is_refused() -> None:
    with pytest.raises(RecipeError, match="'minilm-int8' is for text, not for image: use vit-s-focus or open-clip:<"):
        open_encoder("image", "minilm-int8", SETTINGS)


@pytest.mark.parametrize("name", ["sentence-transformers", "sentence-transformers:", "minilm-int8:large", ""])
def test_a_family_needs_a_model_and_the_others_take_none(name: str) -> None:
    with pytest.raises(RecipeError, match="no text encoder named"):
        open_encoder("text", name, SETTINGS)


def test_one_instance_for_each_name_and_settings_and_the_short_name_is_the_same() -> None:
    first = open_encoder("text", "minilm-int8", SETTINGS)
    assert open_encoder("text", "minilm", EmbedSettings()) is first
    other = open_encoder("text", "minilm-int8", EmbedSettings(threads=1))
    assert other is not first
    assert other.fingerprint == first.fingerprint  # threads change the speed, not the vectors


def test_a_fingerprint_changes_with_each_part() -> None:
    assert len({fingerprint("a", 1), fingerprint("a", 2), fingerprint("b", 1), fingerprint("a")}) == 4
    assert fingerprint("a", 1) == fingerprint("a", 1)
