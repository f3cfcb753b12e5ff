"""Overlays (PS3.3 C.9.2): counted and named, never burnt into the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset

_KINDS = {"G": "graphics", "R": "region of interest"}


def overlays(dataset: Dataset) -> dict[str, str | int | float]:
    """`{"overlays": 2, "overlay_kinds": "graphics, region of interest"}`; {} where there are none.

    An overlay kept in unused bits of the pixels (retired in 2004) is left out of them by the decoder, which takes the
    stored bits alone.
    """
    groups = [group for group in range(0x6000, 0x6020, 2) if (group, 0x0010) in dataset]
    if not groups:
        return {}
    kinds = []
    for group in groups:
        element = dataset.get((group, 0x0040))
        kind = str(element.value).strip() if element is not None else ""
        kinds.append(_KINDS.get(kind, "unknown kind"))
    fields: dict[str, str | int | float] = {
        "overlays": len(groups), "overlay_kinds": ", ".join(dict.fromkeys(kinds))
    }  # fmt: skip
    if embedded := sum(_embedded(dataset, group) for group in groups):
        fields["overlays_in_pixel_bits"] = embedded
    return fields


def _embedded(dataset: Dataset, group: int) -> bool:
    allocated = dataset.get((group, 0x0100))
    return (group, 0x3000) not in dataset and allocated is not None and allocated.value != 1
