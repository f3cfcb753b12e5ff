"""Damaged copies of files, and what the pool makes of them: the fuzzing that tests and a benchmark share.

The mutator works on bytes with a fixed seed: flips, cuts, removed, inserted and repeated blocks, splices of another
file, and length fields set to their extremes. (atheris follows coverage, but only of code built for it; most of what
could break here are compiled decoders.)
"""

import random
import re
import resource
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus import Seed

from assistant.ingest import iter_items, load_recipe
from assistant.ingest.pool import read_items
from assistant.settings import IngestSettings

LIMITS = IngestSettings(max_seconds=10, worker_memory_mb=1_000)
BATCH = 250
_EXTREMES = [
    b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x80\0\0\0", b"\xff\xff",
    b"\0\0", b"\xff" * 8, b"\0" * 8, b"9" * 9, b"-1", b"1e308", b"\xff", b"\0", b"<", b"{", b'"', b"\n",
]  # fmt: skip


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """A damaged copy of `data`; `other` is a file from which a splice may come."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        if not changed:
            break
        # headers are where it hurts: half of the blows fall into the first kilobyte
        at = chance.randrange(min(len(changed), 1_000) if chance.random() < 0.5 else len(changed))
        size = int(2 ** chance.uniform(0, 12))
        match chance.randrange(8):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at] = chance.randrange(256)
            case 2:
                del changed[at : at + size]
            case 3:
                changed[at:at] = chance.randbytes(min(size, 64))
            case 4 | 5:
                extreme = chance.choice(_EXTREMES)
                changed[at : at + len(extreme)] = extreme
            case 6:
                changed[at:at] = bytes(changed[at : at + size]) * chance.choice((1, 2, 30))
            case 7:
                start = chance.randrange(len(other))
                changed[at : at + size] = other[start : start + size]
    if chance.random() < 0.1:
        del changed[chance.randrange(len(changed) + 1) :]
    return bytes(changed)


@dataclass
class Fuzzed:
    """What came of the mutants: how many gave records or a reason, and each that must not happen."""

    mutants: int = 0
    read: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    most_mb: float = 0.0  # the highest peak of any process that read, and of any that it started
    wrong: list[str] = field(default_factory=list)
    unnamed: Counter[str] = field(default_factory=Counter)  # reasons that the reader left to the registry


def fuzz(seeds: Sequence[Seed], count: int, folder: Path, seed: int = 20261126, keep: Path | None = None) -> Fuzzed:
    """Read `count` mutants of the seeds in turn, in folders below `folder`; `keep` collects those that went wrong."""
    result, chance = Fuzzed(), random.Random(seed)
    for start in range(0, count, BATCH):
        root = folder / "mutants"
        root.mkdir(parents=True)
        for number in range(start, min(start + BATCH, count)):
            name, files = seeds[number % len(seeds)]
            (first, data), *beside = files.items()
            place = root / f"{number:06d}-{name}"
            place.mkdir()
            other = next(iter(chance.choice(seeds)[1].values()))
            (place / first).write_bytes(mutated(data, other, chance))
            for other_name, content in beside:
                (place / other_name).write_bytes(content)
            result.mutants += 1
        _read(root, result, keep)
        shutil.rmtree(root)
    result.most_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return result


def _read(root: Path, result: Fuzzed, keep: Path | None) -> None:
    path = root.parent / "recipe.toml"
    path.write_text(f'name = "fuzz"\n[[source]]\npath = "{root}"\n')
    recipe = load_recipe(path)
    items = list(iter_items(recipe, LIMITS))
    for item, outcome in zip(items, read_items(items, recipe, LIMITS), strict=True):
        reason = outcome.reason or ""
        result.read += not reason
        result.refused += bool(reason)
        if outcome.seconds > result.slowest_s:
            result.slowest_s, result.slowest = outcome.seconds, item.uri
        if "crashed" in reason or "ingest.max_seconds" in reason or "ingest.worker_memory_mb" in reason:
            result.wrong.append(f"{item.uri}: {reason}")
            if keep is not None:
                shutil.copytree(
                    root / item.uri.partition("/")[0], keep / item.uri.partition("/")[0], dirs_exist_ok=True
                )
        elif re.match(r"(damaged file|an error inside Wardround) \(\w+: ", reason):  # that the registry caught
            seed = item.uri.partition("/")[0].partition("-")[2]
            result.unnamed[f"{seed}: {reason}"[:110]] += 1
