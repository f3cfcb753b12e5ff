"""Variants of a run, by name: ablations and robustness conditions.

`wardround eval SUITE --vary NAME` runs a suite as it is and under each variant, and compares the two pair by pair.
A new one is an entry in a tuple of `Variant`s, and the line here that takes the tuple up.
"""

from __future__ import annotations

from assistant.errors import RecipeError
from assistant.evaluate.variants.interface import Variant

__all__ = ["Variant", "find_variant", "variants"]


def variants() -> dict[str, Variant]:
    """Every variant by its name."""
    from assistant.evaluate.variants.ablation import ABLATIONS
    from assistant.evaluate.variants.robustness import ROBUSTNESS

    return {variant.name: variant for variant in (*ABLATIONS, *ROBUSTNESS)}


def find_variant(name: str) -> Variant:
    """The variant of that name; RecipeError with all names if there is none."""
    known = variants()
    if name not in known:
        raise RecipeError(f"--vary {name}: there is no such variant; there are {', '.join(known)}")
    return known[name]
