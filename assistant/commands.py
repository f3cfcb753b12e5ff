"""What each command of the command line does; see `cli.py` for its arguments."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from assistant.console import (
    chunks,
    json_lines,
    matching,
    name_of,
    one_line,
    print_json,
    print_measured,
    print_read,
    progress,
    say,
    source,
    totals,
    write_file,
)
from assistant.errors import BadQuery, RecipeError, UnreadableFile, WardroundError

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.evaluate.gate import Limit
    from assistant.evaluate.result import RunResult
    from assistant.records import Kind

OK, SET_ASIDE = 0, 1
BATCH = 64  # queries encoded and searched together


def _open(arguments: Namespace) -> Assistant:
    from assistant.assistant import Assistant

    return Assistant(arguments.workspace, [arguments.index] if arguments.index else [])


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


def run_search(arguments: Namespace) -> int:
    assistant = _open(arguments)
    if arguments.batch:
        return _search_batch(assistant, arguments)
    found = assistant.search(
        arguments.text, files=arguments.file, k=arguments.k, kinds=arguments.kind, modalities=arguments.modality,
        patient=arguments.patient, exclude_patient=arguments.exclude_patient, findings=arguments.finding,
        history=arguments.history, **_period(arguments),
    )  # fmt: skip
    assistant.db.log_access("search", [(e.record_id, e.patient_id) for e in found.evidence])
    if arguments.json:
        print_json(found.to_json())
        return OK
    if found.abstained:
        print(f"nothing is good enough: {found.reason}")
    for evidence in found.evidence:
        kept = "kept   " if evidence.kept else "dropped"
        said = matching(evidence.text, found.query)
        shown = f"{name_of(evidence)}: {said}" if said else name_of(evidence)
        print(f"{kept} {evidence.score:.3f} {evidence.kind:6} {evidence.modality:3} {shown}")
        print(f"        {evidence.relation}; {evidence.why}")
    return OK


def _period(arguments: Namespace) -> dict[str, datetime | None]:
    """From the beginning of the first day to the end of the last."""
    return {
        "since": datetime.combine(arguments.since, time.min) if arguments.since else None,
        "until": datetime.combine(arguments.until, time.max) if arguments.until else None,
    }


def _search_batch(assistant: Assistant, arguments: Namespace) -> int:
    """One result a line, in the order of the input; a bad line gives its id and what is wrong with it."""
    status = OK
    base = arguments.batch.parent
    for chunk in chunks(list(json_lines(arguments.batch)), BATCH):
        queries, lines = [], []
        for number, row in chunk:
            lines.append({"id": row.get("id", number) if isinstance(row, dict) else number})
            try:
                queries.append(_batch_query(assistant, row, arguments, base))
            except WardroundError as error:
                queries.append(None)
                lines[-1]["error"] = str(error)
                status = SET_ASIDE
        results = iter(assistant.search_batch([query for query in queries if query is not None]))
        for query, line in zip(queries, lines, strict=True):
            print_json({**line, **next(results).to_json()} if query is not None else line, indent=None)
    return status


BATCH_KEYS = {
    "id", "text", "files", "exclude_patient", "patient", "kind", "modality", "k", "finding", "history",
}  # fmt: skip


def _batch_query(assistant: Assistant, row: object, arguments: Namespace, base: Path) -> Any:
    if not isinstance(row, dict):
        raise BadQuery(str(row) if isinstance(row, ValueError) else 'not a JSON object: {"id", "text", "files"}')
    if unknown := set(row) - BATCH_KEYS:
        raise BadQuery(f"unknown key {sorted(unknown)[0]!r}")
    kinds, codes = row.get("kind") or arguments.kind, row.get("modality") or arguments.modality
    findings = row.get("finding") or arguments.finding
    excluded, patient = row.get("exclude_patient", arguments.exclude_patient), row.get("patient", arguments.patient)
    return assistant.query(
        str(row.get("text") or ""),
        files=[base / str(name) for name in row.get("files") or ()],
        k=row.get("k", arguments.k),
        kinds=cast("list[Kind]", [kinds] if isinstance(kinds, str) else kinds),
        modalities=[codes] if isinstance(codes, str) else codes,
        patient=str(patient) if patient is not None else None,
        exclude_patient=str(excluded) if excluded is not None else None,
        findings=[findings] if isinstance(findings, str) else findings,
        history=bool(row.get("history", arguments.history)),
        **_period(arguments),
    )


def run_ask(arguments: Namespace) -> int:
    assistant = _open(arguments)
    answer = assistant.ask(
        arguments.question, files=arguments.file, llm=arguments.llm, patient=arguments.patient,
        exclude_patient=arguments.exclude_patient, history=arguments.history, prompt=arguments.prompt,
        mode=arguments.mode,
    )  # fmt: skip
    assistant.db.log_access("ask", [(e.record_id, e.patient_id) for e in answer.evidence if e.kept])
    if arguments.json:
        print_json(answer.to_json())
        return OK
    if answer.notice:
        say(answer.notice)
    if answer.abstained:
        print(f"No answer: {answer.reason}")
    numbers: dict[str, int] = {}
    for claim in answer.claims:
        cited = "".join(f"[{numbers.setdefault(key, len(numbers) + 1)}]" for key in claim.citations)
        mark = "" if claim.verdict == "supported" else f" ({claim.verdict}: {claim.error_kind})"
        print(f"{claim.text} {cited}{mark}".rstrip())
    by_id = {evidence.id: evidence for evidence in answer.evidence}
    for key, number in numbers.items():
        if key in by_id:
            print(f"[{number}] {source(by_id[key], answer.question)}")
    if answer.closest:
        print("Closest, not good enough to answer from:")
        for key in answer.closest:
            print(f"- {source(by_id[key], answer.question)}")
    if answer.own_knowledge:
        print("The model's own knowledge, WITHOUT ANY SOURCE and unchecked:")
        print(" ".join(answer.own_knowledge))
    return OK


def run_draft(arguments: Namespace) -> int:
    from assistant.export import EXPORTS

    assistant = _open(arguments)
    problems: list[tuple[str, str]] = []
    drafts = assistant.draft(
        _studies(arguments.studies), workers=arguments.workers, template=arguments.template, out=arguments.out,
        resume=arguments.resume, llm=arguments.llm, prior=arguments.prior,
        exports=[name for name in EXPORTS if getattr(arguments, name)],
        patient=arguments.patient, exclude_patient=arguments.exclude_patient,
        on_problem=lambda study, reason: problems.append((study, reason)),
        on_progress=lambda done, total: progress(done, total, "drafting"),
    )  # fmt: skip
    done = flagged = 0
    for draft in drafts:
        done += 1
        flagged += bool(draft.flags)
    drafted = arguments.out / "drafts.jsonl"
    if arguments.json:
        aside = [{"study_id": study, "reason": reason} for study, reason in problems]
        print_json({"out": str(drafted), "drafted": done, "need_a_look": flagged, "set_aside": aside})
    else:
        print(f"{done} drafted into {drafted}; {flagged} need a look")
        for study, reason in problems:
            print(f"set aside: {one_line(study)}: {one_line(reason)}")
    return SET_ASIDE if problems else OK


def run_serve_llm(arguments: Namespace) -> int:
    """Serves until it is interrupted, which is its proper end."""
    import shlex
    import signal

    from assistant.generate.chat import ChatServer
    from assistant.generate.profiles import profile_of
    from assistant.generate.vllm import serving, vllm_command
    from assistant.settings import load_settings

    settings = load_settings(arguments.workspace)
    llm = settings.llm.model_copy(update={"model": arguments.model or settings.llm.model})
    serve = settings.serve.model_copy(
        update={
            "port": settings.serve.port if arguments.port is None else arguments.port,
            "download": settings.serve.download or arguments.download,
            "arguments": (*settings.serve.arguments, *arguments.arguments),
        }
    )
    profile = profile_of(llm)
    if arguments.dry_run:
        command = vllm_command(llm, serve, profile, serve.port)
        found: dict[str, Any] = {
            "profile": profile.name,
            "licence": profile.licence,
            "note": profile.note,
            "command": command,
        }
        print_json(found) if arguments.json else print(shlex.join(command))
        return OK
    if llm.base_url and not arguments.model:
        model = ChatServer(llm, llm.base_url).look()
        found = {"base_url": llm.base_url, "model": model, "started": False}
        print_json(found) if arguments.json else print(f"{llm.base_url} (llm.base_url) answers and serves {model}")
        return OK
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say(f"{llm.model}: profile {profile.name}" + (f"; licence: {profile.licence}" if profile.licence else ""))
    try:
        with serving(arguments.workspace, llm, serve, say) as server:
            running = server.running
            found = {"base_url": running.base_url, "model": running.model, "profile": running.profile, "started": True}
            if arguments.json:
                print_json({**found, "pid": running.pid, "log": str(server.log)})
            else:
                print(f'{running.model} answers at {running.base_url}, for llm.name = "openai" of this workspace')
                print("Ctrl+C ends it.")
            sys.stdout.flush()
            server.wait_for_end()
    except KeyboardInterrupt:
        say("the server has ended")
    return OK


def _studies(given: Sequence[str]) -> Path | list[str]:
    """A table or folder, or ids of indexed studies. Raises WardroundError for a path at which nothing is."""
    if len(given) == 1 and Path(given[0]).exists():
        return Path(given[0])
    for name in given:
        if name.lower().endswith((".csv", ".tsv")) or Path(name).is_absolute():
            raise WardroundError(f"{name}: there is no such file or folder")
    return list(given)


def run_check(arguments: Namespace) -> int:
    """One judgement a line, in the order of the input."""
    from assistant.settings import Settings
    from assistant.verify import check
    from assistant.verify.entail import open_entailment

    model = open_entailment(arguments.entailment, Settings())
    status = OK
    for number, row in json_lines(arguments.pairs):
        key = row.get("id", number) if isinstance(row, dict) else number
        try:
            claim, evidence = _pair(row)
        except BadQuery as error:
            print_json({"id": key, "error": str(error)}, indent=None)
            status = SET_ASIDE
            continue
        judged = check(claim, evidence, entailment=model)
        line = {
            "verdict": judged.verdict,
            "score": round(judged.score, 4),
            "error_kind": judged.error_kind,
            "why": judged.why,
        }
        print_json({"id": key, **line}, indent=None)
    return status


def _pair(row: object) -> tuple[str, list[str]]:
    if not isinstance(row, dict):
        raise BadQuery(str(row) if isinstance(row, ValueError) else 'not a JSON object: {"id", "claim", "evidence"}')
    claim, evidence = row.get("claim"), row.get("evidence")
    texts = [evidence] if isinstance(evidence, str) else evidence
    if not isinstance(claim, str) or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadQuery("claim must be a text, and evidence a text or a list of texts")
    return claim, texts


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
        from assistant.ui.file_page import file_page

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


def run_probe(arguments: Namespace) -> int:
    from assistant.evaluate.probe import KINDS, write_probes
    from assistant.settings import load_settings

    made = write_probes(
        arguments.source,
        arguments.out,
        arguments.kind or KINDS,
        count=arguments.n,
        seed=arguments.seed,
        workspace=arguments.workspace,
        settings=load_settings(arguments.workspace),
    )
    if arguments.json:
        print_json(made.to_json())
    else:
        pairs = ", ".join(f"{count} of kind {kind}" for kind, count in made.pairs.items())
        print(f"{arguments.out}: {pairs}, of {made.subjects} labelled subjects")
        print(f"wardround eval {arguments.out}")
    return OK


def run_eval(arguments: Namespace) -> int:
    from assistant.evaluate.finished import is_run
    from assistant.evaluate.gate import failures, read_limit
    from assistant.evaluate.matrix import is_matrix
    from assistant.evaluate.publish import publish
    from assistant.evaluate.run import find_suite
    from assistant.evaluate.show import print_result

    finished = is_run(arguments.suite, arguments.workspace)
    if not finished and is_matrix(path := find_suite(arguments.suite, arguments.workspace)):
        return _run_matrix(arguments, path)
    limits = [read_limit(text) for text in arguments.fail_under]
    result = _read_back(arguments, limits) if finished else _evaluated(arguments, limits)
    published = publish(result, arguments.publish) if arguments.publish else []
    corrected = {name: rate.interval for name, rate in result.judge.corrected.items()} if result.judge else {}
    missed = failures(limits, result.definitions, result.metrics, corrected)
    if arguments.json:
        print_json({**result.to_json(), "failed_under": missed, "published": [str(path) for path in published]})
    else:
        print_result(result)
        for path in published:
            print(f"published: {path}")
    for sentence in missed:
        say(f"not reached: {sentence}")
    return SET_ASIDE if result.set_aside or missed else OK


def _run_matrix(arguments: Namespace, path: Path) -> int:
    from assistant.evaluate.matrix import run_matrix
    from assistant.evaluate.publish import publish_matrix, write_matrix

    fixed = ("index", "llm", "patient", "exclude_patient", "vary", "limit", "compare", "fail_under")
    if given := [name for name in fixed if getattr(arguments, name)]:
        name = given[0].replace("_", "-")
        raise RecipeError(f"--{name}: {arguments.suite} is a matrix; what its runs are is said in the file itself")
    result = run_matrix(path, workspace=arguments.workspace, progress=progress)
    written = write_matrix(result, result.folder)
    published = publish_matrix(result, arguments.publish) if arguments.publish else []
    if arguments.json:
        print_json({**result.to_json(), "files": [str(path) for path in (*written, *published)]})
    else:
        print((result.folder / "matrix.md").read_text(encoding="utf-8"))
        for path in (*written, *published):
            print(f"written: {path}")
    return OK if result.is_whole else SET_ASIDE


def _read_back(arguments: Namespace, limits: Sequence[Limit]) -> RunResult:
    """A finished run, scored with the metrics as they are now."""
    from assistant.evaluate.finished import read_run

    asking = ("index", "llm", "patient", "exclude_patient", "vary", "limit")
    if given := [name for name in asking if getattr(arguments, name)]:
        name = given[0].replace("_", "-")
        raise RecipeError(f"--{name}: {arguments.suite} is a finished run, and nothing is asked; name its suite")
    return read_run(arguments.suite, arguments.workspace, arguments.compare, limits=limits)


def _evaluated(arguments: Namespace, limits: Sequence[Limit]) -> RunResult:
    from assistant.evaluate.run import run_suite

    return run_suite(
        arguments.suite,
        workspace=arguments.workspace,
        index=arguments.index,
        compare=arguments.compare,
        llm=arguments.llm,
        patient=arguments.patient,
        exclude_patient=arguments.exclude_patient,
        vary=arguments.vary,
        limit=arguments.limit,
        limits=limits,
        progress=progress,
    )


def run_forget(arguments: Namespace) -> int:
    from assistant.forget import forget_patient

    report = forget_patient(arguments.workspace, arguments.patient, index=arguments.index, dry_run=arguments.dry_run)
    if arguments.json:
        print_json(report.to_json())
    else:
        if report.found_nothing:
            print(f"{report.patient}: nothing of this patient is in the workspace; is the id right?")
            return SET_ASIDE if report.not_cleaned else OK
        print(f"{report.patient}: " + ("would be removed" if report.dry_run else "removed"))
        for found in report.indexes:
            print(
                f"  index {found['index']}: {found['records']} records of {found['studies']} studies; "
                f"generation {found['generation']} is the only one"
            )
        print(f"  conversations: {report.conversations} whole, {report.turns} turns, {report.feedback} judgements")
        for drafts in report.drafts:
            print(f"  {drafts['file']}: {drafts['lines']} drafts")
        for run in report.evaluation_runs:
            print(f"  evaluation run {run}: removed whole, since its figures rest on this patient too; run it again")
        print(f"  access log: {report.access_log_entries_unlinked} entries lead to nobody any more")
        for problem in report.not_cleaned:
            print(f"  NOT cleaned: {problem['path']}: {problem['reason']}")
        if not report.dry_run:
            print("Restart chats that are open: they may still hold files of this patient in memory.")
    return SET_ASIDE if report.not_cleaned else OK


def run_doctor(arguments: Namespace) -> int:
    from assistant.store.doctor import examine
    from assistant.store.generations import built_indexes
    from assistant.store.repair import mend

    names = [arguments.index] if arguments.index else built_indexes(arguments.workspace)
    reports = [examine(arguments.workspace, name) for name in names]
    repairs = {r.index: mend(arguments.workspace, r) for r in reports if arguments.repair and not r.sound}
    reports = [examine(arguments.workspace, r.index) if r.index in repairs else r for r in reports]
    if arguments.json:
        mended = {name: {"repair": done.to_json()} for name, done in repairs.items()}
        print_json({"indexes": [{**report.to_json(), **mended.get(report.index, {})} for report in reports]})
    else:
        for report in reports:
            print(f"{report.index}: generation {report.generation}, " + ("sound" if report.sound else "NOT SOUND"))
            for check in report.checks:
                print(f"  {'ok ' if check.ok else 'BAD'} {check.name}: {check.found}")
            if found := repairs.get(report.index):
                print("".join(f"  repaired: {done}\n" for done in found.done), end="")
                print("".join(f"  LEFT TO DO: {left}\n" for left in found.left), end="")
    is_mended = all(report.sound for report in reports) and not any(found.left for found in repairs.values())
    return OK if is_mended else SET_ASIDE
