"""`wardround user`: the first administrator, and what comes after."""

import io
import json

import pytest
from sqlalchemy import text

from assistant.cli import ERROR, OK, main
from assistant.settings import UiSettings
from assistant.store.accounts import Accounts
from assistant.store.sign_ins import SignInRefused, SignIns
from assistant.store.workspace_db import WorkspaceDb

PASSWORD = "correct horse battery"


@pytest.fixture
def user(tmp_path, monkeypatch):
    (tmp_path / "indexes" / "ward").mkdir(parents=True)
    (tmp_path / "indexes" / "ward" / "CURRENT").touch()

    def run(*arguments, typed=PASSWORD):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        return main(["user", "--workspace", str(tmp_path), *arguments])

    return run


def test_the_first_administrator_is_made_and_listed(user, tmp_path, capsys):
    assert user("list") == OK and "wardround user add NAME" in capsys.readouterr().out
    assert user("add", "ada", "--role", "administrator", "--role", "reader", "--password-stdin") == OK
    SignIns(WorkspaceDb(tmp_path), tmp_path, UiSettings()).sign_in("ada", PASSWORD, "")
    capsys.readouterr()
    assert user("--json", "list") == OK
    ada = json.loads(capsys.readouterr().out)["accounts"][0]
    assert ada["account"] == "ada" and ada["roles"] == ["administrator", "reader"] and ada["indexes"] is None


def test_rights_are_changed_and_taken(user, tmp_path, capsys):
    user("add", "ada", "--role", "administrator", "--password-stdin")
    assert user("add", "bob", "--role", "reader", "--index", "ward", "--password-stdin") == OK
    accounts = Accounts(WorkspaceDb(tmp_path))
    assert accounts.find("bob").indexes == {"ward"}
    assert user("roles", "bob", "author", "auditor") == OK and accounts.find("bob").roles == {"author", "auditor"}
    assert user("indexes", "bob") == OK and accounts.find("bob").indexes == set()
    assert user("indexes", "bob", "--all") == OK and accounts.find("bob").indexes is None
    assert user("password", "bob", "--password-stdin", typed="quite another one") == OK
    sign_ins = SignIns(WorkspaceDb(tmp_path), tmp_path, UiSettings())
    with pytest.raises(SignInRefused):
        sign_ins.sign_in("bob", PASSWORD, "")
    sign_ins.sign_in("bob", "quite another one", "")
    assert user("disable", "bob") == OK and not accounts.find("bob").can_sign_in
    assert user("enable", "bob") == OK and accounts.find("bob").can_sign_in
    assert user("remove", "bob") == OK and accounts.find("bob").state == "removed"
    assert user("disable", "ada") == ERROR and "only administrator" in capsys.readouterr().err


def test_a_token_is_shown_once_listed_and_ended(user, tmp_path, capsys):
    user("add", "ada", "--role", "administrator", "--password-stdin")
    capsys.readouterr()
    assert user("token", "ada", "--label", "nightly") == OK
    token = capsys.readouterr().out.strip()
    sign_ins = SignIns(WorkspaceDb(tmp_path), tmp_path, UiSettings())
    assert sign_ins.by_token(token).name == "ada"
    assert user("tokens", "ada", "--workspace", str(tmp_path)) == OK
    listed = capsys.readouterr().out
    assert "nightly" in listed and token not in listed
    user("add", "ben", "--role", "reader", "--password-stdin")
    other = sign_ins.make_token("ben", "viewer", 3)
    capsys.readouterr()
    assert user("tokens") == OK
    everybody = capsys.readouterr().out
    assert [line.split()[1] for line in everybody.splitlines()] == ["ada", "ben"]
    assert "nightly" in everybody and "viewer" in everybody and token not in everybody and other not in everybody
    assert user("end-token", "ada", listed.split()[0]) == OK
    assert sign_ins.by_token(token) is None


def test_a_new_password_lifts_the_wait(user, tmp_path):
    user("add", "ada", "--role", "administrator", "--password-stdin")
    sign_ins = SignIns(WorkspaceDb(tmp_path), tmp_path, UiSettings(sign_in_failures=1))
    for says in ("wrong", "wait"):
        with pytest.raises(SignInRefused, match=says):
            sign_ins.sign_in("ada", "wrong password", "10.0.0.1")
    assert user("password", "ada", "--password-stdin", typed="quite another one") == OK
    sign_ins.sign_in("ada", "quite another one", "10.0.0.1")


def test_every_change_is_in_the_access_log(user, tmp_path):
    user("add", "ada", "--role", "administrator", "--password-stdin")
    user("add", "bob", "--role", "reader", "--password-stdin")
    user("roles", "bob", "author")
    user("roles", "nobody", "author")
    with WorkspaceDb(tmp_path).session() as session:
        assert session.execute(text("SELECT action, record_id FROM access")).all() == [
            ("account_add", "ada"),
            ("account_add", "bob"),
            ("account_roles", "bob"),
        ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "ada", "--role", "reader"), "--password-stdin"),
        (("add", "ada", "--role", "reader", "--index", "wrd", "--password-stdin"), "'wrd': it is not built"),
        (("password", "nobody", "--password-stdin"), "there is none"),
        (("token", "nobody"), "can't sign in"),
        (("token", "nobody", "--days", "0"), "1 to 3650"),
    ],
)
def test_what_cannot_be_done_says_why(user, capsys, arguments, says):
    assert user(*arguments) == ERROR
    assert says in capsys.readouterr().err
