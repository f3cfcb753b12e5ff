"""Mending an index: what is derived is made again from what it was derived from, in a new generation.

- the word index from the catalogue's texts;
- a search structure and the choice of it from the exact vectors;
- learned metrics from the vectors and the labels;
- rows without an owner are removed;
- items whose vectors are missing, not finite or not of length 1, or whose passages lie beyond their text, are taken
  out, and the next `wardround index` reads these files again.

The catalogue, the table of paths, the exact vectors with their keys and the manifest are not derived from anything in
the index: when one of these is damaged, `wardround index` builds the index anew from the archive.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.errors import WardroundError
from assistant.pseudonyms import Pseudonyms
from assistant.store.catalogue import MetaRow, PassageRow, RecordRow, reading
from assistant.store.doctor import Examination, beyond_their_text, keys_of, unsound
from assistant.store.generations import IndexFolder
from assistant.store.vectors import FaissIndex
from assistant.store.vectors.faiss_index import CHOICE, SEARCH
from assistant.store.working import VECTOR_KINDS, VECTORS, WORDS, VectorKind, WorkingCopy, vector_folder

LEARNED = "learned"
# checks that the choice and building of a kind's search structure can put right
_STRUCTURAL = {kind: {f"{kind} recall", f"{kind} structure"} for kind in VECTOR_KINDS}


@dataclass(frozen=True, slots=True)
class Repair:
    """What was mended, and what is left to do; `generation` is the new one, None where nothing was changed."""

    generation: int | None
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def mend(workspace: Path, found: Examination) -> Repair:
    """Mend what can be mended of an index that was examined, in a new generation; what can't be is left as it is and
    named. Raises WorkspaceBusy."""
    name = found.index
    folder = IndexFolder.of(workspace, name)
    failed = [check.name for check in found.checks if not check.ok]
    other_encoders = [check for check in failed if check.endswith(" encoder")]
    left = [f"{check}: made by another version; {_again(name)}" for check in other_encoders]
    if len(failed) == len(other_encoders):
        return Repair(None, left=tuple(left))
    recall_lost: set[VectorKind] = {kind for kind in VECTOR_KINDS if not _STRUCTURAL[kind].isdisjoint(failed)}
    with folder.lock() as make_sure_of_it:
        base = folder.open_current(verify=False)
        try:
            damaged = [file for file, _ in folder.damage()]
            folder.catalogue(base).verify(thorough=True)  # rows on a server have no SHA-256 of a file
        except WardroundError as error:
            return Repair(None, left=(str(error),))
        if lost := [file for file in damaged if not _is_derived(file)]:
            return Repair(None, left=(f"{', '.join(lost)}: not derived from anything that is left; {_again(name)}",))
        with reading(folder.catalogue(base)) as session:
            meta = {row.key: row.value for row in session.scalars(select(MetaRow)) if row.key != VECTORS}
        again = _to_be_read_again(folder, base)
        pseudonyms = Pseudonyms.of(workspace)
        number = int(base.name) + 1
        work = WorkingCopy.open(
            folder, base, {**meta, "base": number - 1}, str(meta.get("namespace", "")), pseudonyms, anew=True
        )
        orphans = work.remove_orphans()
        work.remove(sorted(again))
        anew = recall_lost | {kind for kind in VECTOR_KINDS if any(f.startswith(vector_folder(kind)) for f in damaged)}
        is_learned_damaged = any(file.startswith(LEARNED) for file in damaged)
        make_sure_of_it()
        work.commit(base, number, structures_anew=anew, learned_anew=is_learned_damaged)
        folder.sweep(folder.store.keep_generations)
    done = ["the word index was made again from the catalogue's texts"]
    done += [f"the search structure of the {kind} vectors was chosen and built anew" for kind in sorted(anew)]
    done += ["the learned metrics were fitted anew"] if is_learned_damaged else []
    done += [f"{orphans} rows without an owner were removed"] if orphans else []
    left += [f"{len(again)} items with unusable vectors or passages were taken out: {_again(name)}"] if again else []
    return Repair(number, tuple(done), tuple(left))


def _again(name: str) -> str:
    return f"wardround index indexes/{name}.toml reads them again from the archive"


def _is_derived(file: str) -> bool:
    parts = Path(file).parts
    return parts[0] in (WORDS, LEARNED) or (parts[0] == "vectors" and parts[-1] in (SEARCH, CHOICE))


def _to_be_read_again(folder: IndexFolder, base: Path) -> set[str]:
    """The items that have records or passages without a usable vector, or passages beyond the end of their text."""
    again: set[str] = set()
    with reading(folder.catalogue(base)) as session:
        for kind in VECTOR_KINDS:
            path = base / vector_folder(kind)
            vectors = FaissIndex.load(path, structure=False) if path.exists() else None
            usable = np.empty(0, np.int64)
            if vectors is not None:
                usable = np.setdiff1d(vectors.ids, vectors.ids[unsound(vectors)])
            again |= _items_of(session, kind, np.setdiff1d(keys_of(session, kind), usable).tolist())
        again |= _items_of(session, "text", session.scalars(beyond_their_text()).all())
    return again


def _items_of(session: Session, kind: VectorKind, keys: Any) -> set[str]:
    items: set[str] = set()
    for start in range(0, len(keys), 500):
        chunk = list(keys[start : start + 500])
        query = select(RecordRow.item_id)
        if kind == "text":
            query = query.join(PassageRow, PassageRow.record_pk == RecordRow.pk).where(PassageRow.pk.in_(chunk))
        else:
            query = query.where(RecordRow.pk.in_(chunk))
        items |= set(session.scalars(query))
    return items
