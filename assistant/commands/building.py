"""Commands that make an archive and open its page: a workspace, an index, the demonstration, the chat."""

from __future__ import annotations

from argparse import Namespace

from assistant.commands.common import OK, SET_ASIDE
from assistant.console import one_line, print_json, progress, say, totals


def run_demo(arguments: Namespace) -> int:
    from assistant.assistant import Assistant
    from assistant.demo import prepare

    report = Assistant.build(prepare(arguments.workspace, progress), workspace=arguments.workspace, progress=progress)
    say(f"demonstration archive: {totals(report.records)}, generation {report.generation}, {report.seconds:.0f} s")
    if arguments.no_chat:
        if arguments.json:
            print_json(report.to_json())
        return OK
    from assistant.ui import launch

    launch(Assistant(arguments.workspace, ["demo"]), port=arguments.port)
    return OK


def run_chat(arguments: Namespace) -> int:
    from assistant.assistant import Assistant
    from assistant.ui import launch

    named = [arguments.index] if arguments.index else []
    launch(Assistant(arguments.workspace, named, may_be_empty=True), port=arguments.port)
    return OK


def run_init(arguments: Namespace) -> int:
    from assistant.workspace import init_workspace

    written = init_workspace(arguments.folder)
    if arguments.json:
        print_json({"workspace": str(arguments.folder), "written": [str(path) for path in written]})
    else:
        print(f"{arguments.folder}: a workspace with {len(written)} new files")
        print(f"next: cd {arguments.folder}; wardround index FOLDER")
    return OK


def run_index(arguments: Namespace) -> int:
    from assistant.assistant import Assistant

    report = Assistant.build(arguments.source, workspace=arguments.workspace, progress=progress)
    if arguments.json:
        print_json(report.to_json())
    else:
        print(
            f"{report.index}: generation {report.generation}; {report.added} added, {report.updated} updated, "
            f"{report.unchanged} unchanged, {report.removed} removed; {totals(report.records)}; {report.seconds:.1f} s"
        )
        if report.removed_identifiers:
            print(
                f"identifiers taken out: {', '.join(f'{n} {kind}' for kind, n in report.removed_identifiers.items())}"
            )
        for path, reason in report.set_aside:
            print(f"set aside: {one_line(path)}: {one_line(reason)}")
    return SET_ASIDE if report.set_aside else OK
