"""The command line. Results go to stdout, progress and errors to stderr.

Exit status: 0 done (an abstention included); 1 done, but some inputs were set aside; 2 a clear error, nothing changed.
Nothing heavy is imported here: `wardround --help` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from assistant.errors import WardroundError

OK, SET_ASIDE, ERROR = 0, 1, 2

_EXAMPLES = {
    "demo": "wardround demo",
    "chat": "wardround chat\nwardround chat --workspace my-archive --port 8080",
    "init": "wardround init my-archive",
    "index": "wardround index indexes/chest.toml\nwardround index /data/ecgs --json",
    "search": 'wardround search "right pleural effusion" -k 5\nwardround search --file cxr.dcm --kind image\n'
    'wardround search "left effusion" --patient 4711 --history',
    "ask": 'wardround ask "What rhythm is this?" --file ecg.hea\n'
    'wardround ask "Has the effusion changed?" --patient 4711 --history --llm openai\n'
    'wardround ask "Explain this report in plain words" --file report.pdf --prompt plain --llm openai',
    "draft": "wardround draft studies.csv --out drafts --resume\nwardround draft /data/new --out drafts --fhir --pdf",
    "serve-llm": "wardround serve-llm --model /models/medgemma-4b-it\nwardround serve-llm --dry-run\n"
    "wardround serve-llm -- --gpu-memory-utilization 0.8",
    "check": "wardround check --pairs pairs.jsonl",
    "measure": "wardround measure ecg.dcm --json",
    "read": "wardround read report.pdf\nwardround read ecg.dcm --html ecg.html",
    "eval": "wardround eval eval/smoke.toml\n"
    "wardround eval eval/smoke.toml --compare smoke-3f9a2c\n"
    "wardround eval eval/smoke.toml --vary no-retrieval --vary no-verification\n"
    "wardround eval eval/smoke.toml --fail-under 'citation_recall>=0.9'",
    "probe": "wardround probe eval/nih_cxr64.toml --out probes.toml\nwardround eval probes.toml",
    "deidentify": "wardround deidentify cxr.dcm --out shared.dcm",
    "feedback": "wardround feedback > feedback.jsonl\nwardround feedback --csv --out feedback.csv",
    "forget": "wardround forget --patient 4711 --dry-run\nwardround forget --patient 4711",
    "user": "wardround user add ada --role administrator --role reader\n"
    "wardround user add bob --role reader --index chest\nwardround user list\n"
    "wardround user token bob --label nightly --days 90",
    "doctor": "wardround doctor --index chest\nwardround doctor --repair",
}


def parser() -> argparse.ArgumentParser:
    """The whole command line, with examples in every command's help."""
    main_parser = argparse.ArgumentParser(
        prog="wardround",
        description="A retrieval-augmented medical assistant whose every sentence is checked against its evidence. "
        "Research software, no medical device.",
    )
    main_parser.add_argument("--version", action="version", version=_version())
    commands = main_parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = _command(commands, "demo", "build the demonstration archive and open the chat")
    demo.add_argument("--port", type=int, help="default 7860")
    demo.add_argument("--no-chat", action="store_true", help="build the archive only")

    chat = _command(commands, "chat", "open the chat; where nothing is indexed yet, its page builds an archive")
    chat.add_argument("--index", metavar="NAME", help="default: all that are built")
    chat.add_argument("--port", type=int, help="default 7860")

    init = _command(commands, "init", "make a new workspace", workspace=False)
    init.add_argument("folder", type=Path, metavar="DIR")

    index = _command(commands, "index", "build or update an index; only what changed is read again")
    index.add_argument("source", type=Path, metavar="RECIPE.toml or FOLDER")

    search = _command(commands, "search", "find evidence by text, image, ECG or a mix", choose_index=True)
    search.add_argument("text", nargs="?", default="", metavar="TEXT")
    search.add_argument(
        "--file", action="append", default=[], type=Path, metavar="F", help="may be given more than once"
    )
    search.add_argument("-k", type=int, help="at most this many pieces of evidence (default 10)")
    search.add_argument("--kind", action="append", default=[], choices=("image", "signal", "text"))
    search.add_argument("--modality", action="append", default=[], metavar="CODE", help="a DICOM code, e.g. CR")
    search.add_argument("--since", type=_date, metavar="DATE", help="taken on this day or later, e.g. 2020-03-01")
    search.add_argument("--until", type=_date, metavar="DATE", help="taken on this day or earlier")
    search.add_argument(
        "--finding", action="append", default=[], metavar="FINDING",
        help="only studies whose text states it, e.g. 'left pleural effusion' or 'no pneumothorax'; repeatable",
    )  # fmt: skip
    search.add_argument(
        "--history", action="store_true",
        help="the same patient's studies first (--patient ID, or a file that names its patient), newest first",
    )  # fmt: skip
    search.add_argument("--batch", type=Path, metavar="QUERIES.jsonl", help="one query a line; one result a line")

    ask = _command(commands, "ask", "answer a question from the archive and the uploads", choose_index=True)
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument("--file", action="append", default=[], type=Path, metavar="F", help="may be given more than once")
    ask.add_argument("--llm", metavar="NAME", help="quote, local or openai (default: the settings')")

    ask.add_argument(
        "--history", action="store_true",
        help="the same patient's earlier studies too (--patient ID, or a file that names its patient)",
    )  # fmt: skip
    ask.add_argument("--prompt", default="", metavar="NAME", help="a prompt of prompts/, e.g. plain (default: chosen)")
    ask.add_argument(
        "--mode", choices=("direct", "evidence_first", "reflect", "self_consistency"),
        help="how a model comes to its answer (default: the settings')",
    )  # fmt: skip

    draft = _command(commands, "draft", "draft reports in batch", choose_index=True)
    draft.add_argument("studies", metavar="STUDIES.csv, FOLDER or ID", nargs="+")
    draft.add_argument("--out", type=Path, required=True, metavar="DIR")
    draft.add_argument("--template", metavar="T", help="a prompt of prompts/, e.g. draft-ecg (default: by modality)")
    draft.add_argument("--resume", action="store_true", help="leave out the studies that are drafted already")
    draft.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="studies written at a time (default: as many as a model's server takes)",
    )
    draft.add_argument("--llm", metavar="NAME", help="quote, local or openai (default: the settings')")
    draft.add_argument(
        "--prior", action="store_true", help="compare each study with the same patient's study before it"
    )
    draft.add_argument("--fhir", action="store_true", help="also a FHIR R4 DiagnosticReport a study")
    draft.add_argument("--docx", action="store_true", help="also a Word document a study, with pictures")
    draft.add_argument("--pdf", action="store_true", help="also a PDF a study, with pictures")
    draft.add_argument(
        "--preferences",
        action="store_true",
        help="also preferences.jsonl: checked over unchecked drafts, for DPO training",
    )

    serve = _command(commands, "serve-llm", "serve the settings' language model with vLLM, for this machine alone")
    serve.add_argument("--model", metavar="M", help="a folder or a hub name (default: llm.model)")
    serve.add_argument("--port", type=int, help="default 8000; 0: any that is free")
    serve.add_argument("--download", action="store_true", help="fetch the model from the hub if it is not here")
    serve.add_argument("--dry-run", action="store_true", help="say what would be started, and start nothing")
    serve.add_argument("arguments", nargs="*", metavar="-- ARGUMENT", help="further arguments for vLLM, as they stand")

    check = _command(commands, "check", "judge claims against evidence", workspace=False)
    check.add_argument("--pairs", type=Path, required=True, metavar="PAIRS.jsonl")
    check.add_argument(
        "--entailment",
        default="auto",
        metavar="NAME",
        help="the entailment model beside the rules, as the option verify.entailment (docs/verification.md)",
    )

    measure = _command(commands, "measure", "measure a signal or an image")
    measure.add_argument("file", type=Path, metavar="FILE")

    read = _command(commands, "read", "show what ingest makes of a file")
    read.add_argument("file", type=Path, metavar="FILE")
    read.add_argument(
        "--html",
        nargs="?",
        const="-",
        metavar="OUT.html",
        help="a page with pictures and strips; to stdout without OUT",
    )

    evaluate = _command(commands, "eval", "run a suite and write its scorecard", choose_index=True)
    evaluate.add_argument(
        "suite",
        metavar="SUITE.toml",
        help="a suite; a matrix of suites and models; or a finished run (id or folder), read back without asking",
    )
    evaluate.add_argument(
        "--llm", metavar="NAME", help="quote, local or openai (default: the suite's or the settings')"
    )
    evaluate.add_argument("--compare", metavar="RUN", help="a run id or folder of the same suite")
    evaluate.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="NAME",
        help="run the suite under this variant as well and compare; may be repeated (docs/evaluation.md lists them)",
    )
    evaluate.add_argument("--limit", type=int, metavar="N", help="only N of the cases, always the same ones")
    evaluate.add_argument(
        "--fail-under",
        action="append",
        default=[],
        metavar="METRIC=VALUE",
        help="exit status 1 unless the metric is as good as this; METRIC:low or :high for a bound, "
        "METRIC:corrected for a judged rate corrected for its judge's error; may be repeated",
    )
    evaluate.add_argument(
        "--publish", type=Path, metavar="DIR", help="also write a scorecard of figures and case ids only, to pass on"
    )

    probe = _command(commands, "probe", "make a suite of paired questions from what is labelled")
    probe.add_argument("source", type=Path, metavar="SUITE.toml or RECIPE.toml", help="what is labelled")
    probe.add_argument("--out", type=Path, required=True, metavar="OUT.toml", help="the suite; its cases go beside it")
    probe.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=("attribute", "side", "confusing"),
        help="what is there against what is not; the stated side against the other; two studies that look alike "
        "(default: all; may be repeated)",
    )
    probe.add_argument("-n", type=int, default=100, metavar="N", help="at most so many pairs of each kind")
    probe.add_argument("--seed", type=int, default=0, metavar="SEED", help="the same seed makes the same probes")

    feedback = _command(commands, "feedback", "everybody's judgements of single sentences, one a line")
    feedback.add_argument("--csv", action="store_true", help="as CSV instead of JSON Lines")
    feedback.add_argument("--out", type=Path, metavar="FILE", help="default: stdout")

    forget = _command(commands, "forget", "remove a patient from every index, conversation, draft and evaluation run")
    forget.add_argument("--patient", required=True, metavar="ID", help="the archive's own id, or a pseudonym (P-…)")
    forget.add_argument(
        "--index", metavar="NAME", help="only this index, where its ids mean other people than elsewhere"
    )
    forget.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")

    deidentify = _command(commands, "deidentify", "write a copy of a DICOM file without what identifies its patient")
    deidentify.add_argument("file", type=Path, metavar="FILE")
    deidentify.add_argument("--out", type=Path, required=True, metavar="FILE", help="the copy; must not exist")

    _user(_command(commands, "user", "say who may sign in to the page, with which roles and to which indexes"))

    doctor = _command(commands, "doctor", "check a workspace's indexes")
    doctor.add_argument("--index", metavar="NAME", help="default: all that are built")
    doctor.add_argument("--repair", action="store_true", help="make again what can be, in a new generation")
    return main_parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    *,
    workspace: bool = True,
    choose_index: bool = False,
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog="examples:\n  " + _EXAMPLES[name].replace("\n", "\n  "),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--workspace", type=Path, default=Path(), metavar="DIR", help="default: the current folder")
    command.add_argument("--json", action="store_true", help="one JSON document on stdout")
    if choose_index:
        command.add_argument("--index", metavar="NAME", help="default: all that are built")
        command.add_argument("--patient", metavar="ID", help="only this patient's records (the archive's own id)")
        command.add_argument("--exclude-patient", metavar="ID", help="leave this patient out")
    return command


def _user(user: argparse.ArgumentParser) -> None:
    """What can be done with accounts."""
    roles = ("reader", "author", "auditor", "administrator")
    does = user.add_subparsers(dest="does", metavar="WHAT", required=True)
    every = does.add_parser("list", help="every account")
    named = {
        name: does.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        for name, summary in (
            ("add", "make an account; its password is asked for"),
            ("password", "give an account a new password; its sessions and tokens end"),
            ("roles", "give an account these roles and no others"),
            ("indexes", "let an account see these indexes and no others"),
            ("disable", "keep an account from signing in"),
            ("enable", "let it sign in again"),
            ("remove", "remove an account for good"),
            ("token", "make a token that a program shows instead of a password"),
            ("tokens", "the tokens of an account, or of all of them"),
            ("end-token", "end one of them"),
        )
    }
    for parser in (every, *named.values()):  # here, too
        parser.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for does_what, parser in named.items():
        parser.add_argument("name", metavar="NAME", nargs="?" if does_what == "tokens" else None)
    for name in ("add", "password"):
        named[name].add_argument("--password-stdin", action="store_true", help="read the password from stdin")
    named["add"].add_argument("--role", action="append", required=True, choices=roles, help="may be repeated")
    named["add"].add_argument("--index", action="append", default=[], metavar="NAME", help="default: every index")
    named["roles"].add_argument("role", nargs="+", choices=roles, metavar="ROLE", help=", ".join(roles))
    named["indexes"].add_argument("index", nargs="*", metavar="INDEX", help="none: no index at all")
    named["indexes"].add_argument("--all", action="store_true", help="every index, also those that come later")
    named["token"].add_argument("--label", default="", help="what it is for")
    named["token"].add_argument("--days", type=int, default=90, help="how long it holds (default 90)")
    named["end-token"].add_argument("id", type=int, metavar="ID", help="as `wardround user tokens NAME` lists it")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write YYYY-MM-DD") from None


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"wardround {version('wardround')}"
    except PackageNotFoundError:
        return "wardround (not installed)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; gives the exit status."""
    arguments = parser().parse_args(argv)
    from assistant import commands

    try:
        return int(getattr(commands, f"run_{arguments.command.replace('-', '_')}")(arguments))
    except WardroundError as error:
        print(f"wardround {arguments.command}: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print(f"wardround {arguments.command}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `wardround search … | head`
        sys.stderr.close()
        return OK
    except Exception:
        import traceback

        traceback.print_exc()
        print(f"wardround {arguments.command}: this is an error in Wardround itself; please report it", file=sys.stderr)
        return ERROR


if __name__ == "__main__":
    sys.exit(main())
