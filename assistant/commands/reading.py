"""Commands for a single file: what it holds, what is measured on it, a copy without identifiers."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from assistant.commands.common import OK, SET_ASIDE
from assistant.console import print_json, print_measured, print_read, say, write_file
from assistant.errors import UnreadableFile


def run_measure(arguments: Namespace) -> int:
    from assistant.ingest import read_file
    from assistant.measure import measure_image, measure_signal
    from assistant.settings import load_settings

    records = read_file(arguments.file, load_settings(arguments.workspace).ingest)
    for record in records:
        measured = (
            measure_signal(record.signal) if record.signal else measure_image(record.image) if record.image else None
        )
        if measured is not None:
            found = {"modality": record.modality, **measured.to_json()}
            print_json(found) if arguments.json else print_measured(found)
            return OK
    raise UnreadableFile(arguments.file, "holds no signal and no picture, so there is nothing to measure")


def run_read(arguments: Namespace) -> int:
    from assistant.ingest import Deidentifier, read_described
    from assistant.pseudonyms import Pseudonyms
    from assistant.settings import load_settings

    settings, pseudonyms = load_settings(arguments.workspace), Pseudonyms.to_show(arguments.workspace)
    described, records = read_described(arguments.file, settings.ingest, Deidentifier(pseudonyms, settings.deid))
    for record in described["records"]:
        record["patient_id"] = pseudonyms.patient(record["patient_id"], "") if record["patient_id"] else None
        record["study_id"] = pseudonyms.study(record["study_id"], "") if record["study_id"] else None
    if arguments.html:
        from assistant.ui.evidence.file_page import file_page

        page = file_page(described, records)
        if arguments.html == "-":
            print(page)
        else:
            write_file(Path(arguments.html), page)
            say(f"{arguments.html}: the page")
    elif arguments.json:
        print_json(described)
    else:
        print_read(described)
    return OK if described["records"] else SET_ASIDE


def run_deidentify(arguments: Namespace) -> int:
    from assistant.ingest.deid.export import deidentify_file
    from assistant.pseudonyms import Pseudonyms
    from assistant.settings import load_settings

    settings, pseudonyms = load_settings(arguments.workspace), Pseudonyms.of(arguments.workspace)
    done = deidentify_file(arguments.file, arguments.out, pseudonyms, settings.deid)
    if arguments.json:
        print_json({"path": str(arguments.file), "out": str(arguments.out), **done.to_json()})
        return OK
    for change, count in done.changes.items():
        print(f"{change}{f' ({count} times)' if count > 1 else ''}")
    if done.masked:
        print(f"picture: {len(done.masked)} places blackened")
    if done.suspect:
        print("picture: there may be text in it that was not found; look at it before you pass it on")
    return OK
