"""Commands on accounts: who may sign in, with which roles, to which indexes; tokens for programs.

Whoever may write to the workspace's own database may use them; each change is entered in the access log.
"""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from assistant.commands.common import OK
from assistant.console import print_json
from assistant.errors import WardroundError
from assistant.settings import load_settings
from assistant.store.accounts import Account, Accounts
from assistant.store.generations import built_indexes
from assistant.store.sign_ins import SignIns
from assistant.store.workspace_db import WorkspaceDb


def run_user(arguments: Namespace) -> int:
    settings = load_settings(arguments.workspace)
    db = WorkspaceDb(arguments.workspace, settings.store)
    accounts = Accounts(db, settings.ui.password_length)
    does = arguments.does
    if does == "list":
        _list(accounts.all(), arguments.json)
        return OK
    name = arguments.name  # None: `tokens` of every account
    said: dict[str, Any] = {"account": name, "done": does}
    match does:
        case "add":
            password = _password(arguments)
            accounts.add(name, password, arguments.role, _known(arguments, arguments.index or None))
            told = f"{name} can sign in as {', '.join(sorted(set(arguments.role)))}"
        case "password":
            accounts.set_password(name, _password(arguments))
            told = f"{name} has a new password; sessions and tokens of before are over"
        case "roles":
            accounts.set_roles(name, arguments.role)
            told = f"{name} is {', '.join(sorted(set(arguments.role)))} now"
        case "indexes":
            accounts.set_indexes(name, None if arguments.all else _known(arguments, arguments.index))
            told = f"{name} may see {'every index' if arguments.all else ', '.join(arguments.index) or 'no index'} now"
        case "disable":
            accounts.disable(name)
            told = f"{name} can't sign in any more, until enabled again; sessions and tokens are over"
        case "enable":
            accounts.enable(name)
            told = f"{name} can sign in again"
        case "remove":
            said["name_kept"] = not accounts.remove(name)
            told = f"{name} is removed" + ("; what the account did keeps its name" if said["name_kept"] else "")
        case "token":
            sign_ins = SignIns(db, arguments.workspace, settings.ui)
            said["token"] = sign_ins.make_token(name, arguments.label, arguments.days)
            told = said["token"]
            print("This is shown once. Send it as `Authorization: Bearer …`.", file=sys.stderr)
        case "tokens":
            sign_ins = SignIns(db, arguments.workspace, settings.ui)
            said["tokens"] = [
                {
                    "account": of, "id": t.token_id, "label": t.label, "made": f"{t.made_at:%Y-%m-%d}",
                    "until": f"{t.ends_at:%Y-%m-%d}", "used": _when(t.used_at),
                }
                for of in ([name] if name is not None else [account.name for account in accounts.all()])
                for t in sign_ins.tokens(of)
            ]  # fmt: skip
            line = "{id}  {account}  made {made}  until {until}  used {used}  {label}"
            told = "\n".join(line.format(**t) for t in said["tokens"]) or "none"
        case _:
            SignIns(db, arguments.workspace, settings.ui).end_token(name, arguments.id)
            told = f"token {arguments.id} of {name} is over"
    if does in ("password", "enable"):
        SignIns(db, arguments.workspace, settings.ui).lift(name)
    if does != "tokens":
        db.log_access(f"account_{does.replace('-', '_')}", [(name, None)])
    print_json(said) if arguments.json else print(told)
    return OK


def _list(accounts: Iterable[Account], as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "account": account.name,
            "state": "active" if account.can_sign_in else "no password" if account.state == "active" else account.state,
            "roles": sorted(account.roles),
            "indexes": None if account.indexes is None else sorted(account.indexes),
            "since": f"{account.created_at:%Y-%m-%d}",
        }
        for account in accounts
    ]
    if as_json:
        print_json({"accounts": rows})
        return
    for row in rows:
        indexes = "every index" if row["indexes"] is None else ", ".join(row["indexes"]) or "no index"
        print(f"{row['account']}: {row['state']}, {', '.join(row['roles']) or 'no role'}; {indexes}; {row['since']}")
    if not rows:
        print("no accounts yet: `wardround user add NAME --role administrator`")


def _password(arguments: Namespace) -> str:
    """A password typed twice, or the first line of stdin. Raises WardroundError where they differ, or nobody types."""
    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise WardroundError("no terminal to type a password at: give it on stdin, with --password-stdin")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("The same once more: "):
        raise WardroundError("the password was typed in two ways: nothing changed")
    return first


def _known(arguments: Namespace, indexes: list[str] | None) -> list[str] | None:
    """The names of indexes, which must be built."""
    built = built_indexes(arguments.workspace)
    if unknown := [name for name in indexes or () if name not in built]:
        raise WardroundError(f"index {unknown[0]!r}: it is not built; there are {', '.join(built) or 'none'}")
    return indexes


def _when(time: Any) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "never"
