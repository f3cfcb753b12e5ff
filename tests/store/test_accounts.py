"""Accounts, their passwords and rights, and who is signed in."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from assistant.acting import Acting
from assistant.errors import WardroundError
from assistant.settings import UiSettings
from assistant.store import sign_ins
from assistant.store.access_log import AccessLog, Wanted
from assistant.store.accounts import NOBODY, Accounts
from assistant.store.sign_ins import SignInRefused, SignIns
from assistant.store.workspace_db import WorkspaceDb
from assistant.store.workspace_tables import SessionRow, TokenRow, now

PASSWORD = "correct horse battery"


@pytest.fixture
def db(tmp_path):
    return WorkspaceDb(tmp_path)


@pytest.fixture
def accounts(db):
    made = Accounts(db)
    made.add("ada", PASSWORD, ["administrator"])
    return made


@pytest.fixture
def doors(db, tmp_path, accounts):
    return SignIns(db, tmp_path, UiSettings(sign_in_failures=3))


def test_a_password_is_kept_as_argon2_only(db, accounts):
    with db.session() as session:
        (kept,) = session.execute(text("SELECT password FROM account")).scalars()
    assert kept.startswith("$argon2id$") and PASSWORD not in kept


@pytest.mark.parametrize(
    ("name", "password", "roles", "says"),
    [
        ("", PASSWORD, ["reader"], "a name is 1 to 64"),
        ("a b", PASSWORD, ["reader"], "a name is 1 to 64"),
        ("<b>", PASSWORD, ["reader"], "a name is 1 to 64"),
        ("Ada", PASSWORD, ["reader"], "exists already"),
        ("bob", "short", ["reader"], "12 characters at least"),
        ("bob", "x" * 2_000, ["reader"], "1024 characters at most"),
        ("bob", "aaaaaaaaaaaaaaaa", ["reader"], "repeats"),
        ("grace", "i am grace hopper", ["reader"], "holds the account's name"),
        ("bob", PASSWORD, [], "without a role"),
        ("bob", PASSWORD, ["god"], "'god': it is one of reader, author"),
    ],
)
def test_what_makes_no_account_says_why(accounts, name, password, roles, says):
    with pytest.raises(WardroundError, match=says):
        accounts.add(name, password, roles)
    assert [account.name for account in accounts.all()] == ["ada"]


def test_the_last_administrator_stays(accounts):
    for change in (accounts.disable, accounts.remove, lambda name: accounts.set_roles(name, ["reader"])):
        with pytest.raises(WardroundError, match="the only administrator"):
            change("ada")
    accounts.add("bob", PASSWORD, ["administrator", "reader"])
    accounts.disable("ada")
    with pytest.raises(WardroundError, match="the only administrator"):
        accounts.disable("bob")


def test_a_removed_account_keeps_its_name_where_rows_are_about_it(db, accounts):
    accounts.add("bob", PASSWORD, ["reader"])
    accounts.add("eve", PASSWORD, ["reader"])
    db.who_acts = lambda: Acting("bob")
    db.log_access("view", [("r1", "P-1")])
    assert not accounts.remove("bob") and accounts.remove("eve")
    assert [(a.name, a.state, a.can_sign_in) for a in accounts.all()] == [
        ("ada", "active", True),
        ("bob", "removed", False),
    ]
    with pytest.raises(WardroundError, match="was removed"):
        accounts.add("bob", PASSWORD, ["reader"])
    with pytest.raises(WardroundError, match="there is none"):
        accounts.set_password("bob", PASSWORD)


def test_the_account_of_the_operating_systems_user_gets_a_password_later(db, accounts):
    db.log_access("view", [("r1", "P-1")])
    (user,) = [account.name for account in accounts.all() if account.name != "ada"]
    assert not accounts.find(user).can_sign_in
    assert accounts.add(user, PASSWORD, ["reader"]).can_sign_in


def test_the_log_names_who_is_signed_in(db, accounts):
    accounts.add("bob", PASSWORD, ["reader"])
    db.who_acts = lambda: Acting("bob")
    db.log_access("view", [("r1", "P-1")])
    with db.session() as session:
        query = "SELECT name FROM access JOIN account ON access.account_id = account.account_id"
        assert session.execute(text(query)).scalars().all() == ["bob"]


# --- signing in --------------------------------------------------------------------------------------


def test_a_password_is_the_same_from_every_keyboard(doors, accounts):
    accounts.add("bob", "gr\u00fcne Wiesen im M\u00e4rz", ["reader"])
    doors.sign_in("bob", "gru\u0308ne Wiesen im Ma\u0308rz", "10.0.0.1")


def test_a_session_lasts_until_it_is_signed_out(doors, db):
    secret, account = doors.sign_in("ada", PASSWORD, "10.0.0.1")
    assert account.name == "ada"
    assert doors.session(secret).account == account
    with db.session() as session:
        assert secret not in session.execute(text("SELECT session_id FROM session")).scalars().all()
    doors.sign_out(secret)
    assert doors.session(secret) is None
    assert doors.session("") is None


@pytest.mark.parametrize("times", [{"used_at": timedelta(minutes=15)}, {"began_at": timedelta(hours=12)}])
def test_a_session_ends_idle_and_in_any_case(doors, db, times):
    secret, _ = doors.sign_in("ada", PASSWORD, "10.0.0.1")
    ago = {name: now() - span for name, span in times.items()}
    with db.session() as session:
        early = {name: time + timedelta(minutes=1) for name, time in ago.items()}
        session.execute(update(SessionRow).values(**early))
        session.commit()
        assert 0 < doors.session(secret, used=False).left_s <= 60
        session.execute(update(SessionRow).values(**{name: t - timedelta(seconds=1) for name, t in ago.items()}))
        session.commit()
    assert doors.session(secret) is None
    with db.session() as session:
        assert session.scalars(text("SELECT session_id FROM session")).all() == []


def test_use_keeps_a_session_and_a_look_at_the_clock_does_not(doors, db):
    secret, _ = doors.sign_in("ada", PASSWORD, "10.0.0.1")
    with db.session() as session:
        session.execute(update(SessionRow).values(used_at=now() - timedelta(minutes=10)))
        session.commit()
    assert doors.session(secret, used=False).left_s <= 300
    assert doors.session(secret).left_s > 890


@pytest.mark.parametrize("name", ["ada", "nobody", "disabled"])
def test_guessing_is_refused_and_told_the_same_for_every_name(doors, accounts, name):
    accounts.add("disabled", PASSWORD, ["reader"])
    accounts.disable("disabled")
    wrong = "wrong password" if name == "ada" else PASSWORD
    for _ in range(3):
        with pytest.raises(SignInRefused, match="name or password is wrong"):
            doors.sign_in(name, wrong, "10.0.0.1")
    for password in (wrong, PASSWORD):
        with pytest.raises(SignInRefused, match="wait 15 min"):
            doors.sign_in(name, password, "10.0.0.2")


def test_an_address_that_tries_many_names_waits_too(doors, monkeypatch):
    monkeypatch.setattr(sign_ins, "_fits", lambda *_: False)
    for number in range(30):
        with pytest.raises(SignInRefused, match="is wrong"):
            doors.sign_in(f"name{number}", PASSWORD, "10.0.0.1")
    with pytest.raises(SignInRefused, match="wait"):
        doors.sign_in("another", PASSWORD, "10.0.0.1")
    with pytest.raises(SignInRefused, match="is wrong"):
        doors.sign_in("another", PASSWORD, "10.0.0.2")


def test_failures_are_forgotten_with_time_and_with_success(doors, db):
    for _ in range(2):
        for _ in range(2):
            with pytest.raises(SignInRefused, match="is wrong"):
                doors.sign_in("ada", "wrong password", "10.0.0.1")
        doors.sign_in("ada", PASSWORD, "10.0.0.1")
    for _ in range(3):
        with pytest.raises(SignInRefused, match="is wrong"):
            doors.sign_in("ada", "wrong password", "10.0.0.1")
    with db.session() as session:
        session.execute(text("UPDATE failure SET failed_at = '2001-01-01 00:00:00'"))
        session.commit()
        assert not any("ada" in name for name in session.scalars(text("SELECT name FROM failure")))
    doors.sign_in("ada", PASSWORD, "10.0.0.1")


@pytest.mark.parametrize("odd", ["\0", "ada\0", "\ud800", "a" * 100_000, "' OR 1=1 --"])
def test_odd_names_and_passwords_are_refused_like_wrong_ones(doors, odd):
    for name, password in ((odd, PASSWORD), ("ada", odd)):
        with pytest.raises(SignInRefused):
            doors.sign_in(name, password, "10.0.0.1")


@pytest.mark.parametrize("end", ["set_password", "disable", "remove"])
def test_a_new_password_and_the_accounts_end_close_its_sessions_and_tokens(doors, accounts, end):
    accounts.add("bob", PASSWORD, ["reader"])
    secret, _ = doors.sign_in("bob", PASSWORD, "10.0.0.1")
    token = doors.make_token("bob", "script", 30)
    getattr(accounts, end)(*(("bob", "another password") if end == "set_password" else ("bob",)))
    assert doors.session(secret) is None and doors.by_token(token) is None


def test_other_rights_hold_at_once(doors, accounts):
    accounts.add("bob", PASSWORD, ["reader"], ["ward"])
    secret, _ = doors.sign_in("bob", PASSWORD, "10.0.0.1")
    accounts.set_roles("bob", ["auditor"])
    accounts.set_indexes("bob", None)
    account = doors.session(secret).account
    assert account.roles == {"auditor"} and account.indexes is None


def test_a_token_stands_for_its_account_until_its_day(doors, db):
    token = doors.make_token("ada", "nightly", 30)
    assert doors.by_token(token).name == "ada"
    assert doors.by_token(token + "x") is None
    (kept,) = doors.tokens("ada")
    assert kept.label == "nightly" and kept.used_at is not None
    with db.session() as session:
        session.execute(update(TokenRow).values(ends_at=now() - timedelta(seconds=1)))
        session.commit()
    assert doors.by_token(token) is None
    with pytest.raises(WardroundError, match="none of that number"):
        doors.end_token("somebody", kept.token_id)
    doors.end_token("ada", kept.token_id)
    assert doors.tokens("ada") == []
    with pytest.raises(WardroundError, match="can't sign in"):
        doors.make_token("nobody", "", 30)


def test_accounts_and_sessions_are_kept_on_a_server_too(on_postgres, tmp_path):
    db = WorkspaceDb(tmp_path)
    accounts, doors = Accounts(db), SignIns(db, tmp_path, UiSettings())
    accounts.add("ada", PASSWORD, ["administrator"], ["ward"])
    with pytest.raises(SignInRefused):
        doors.sign_in("ada", "wrong password", "10.0.0.1")
    secret, account = doors.sign_in("ada", PASSWORD, "10.0.0.1")
    assert doors.session(secret).account == account and account.indexes == {"ward"}
    assert doors.by_token(doors.make_token("ada", "nightly", 1)).name == "ada"
    accounts.set_password("ada", "quite another one")
    assert doors.session(secret) is None and doors.tokens("ada") == []


def test_the_access_log_is_told_of_failures_locks_and_the_ends_of_sessions(db, accounts, doors):
    def told():
        newest_last = reversed(list(AccessLog(db).entries(Wanted())))
        return [(entry.account, entry.action, entry.record_id) for entry in newest_last]

    doors.sign_out(doors.sign_in("ada", PASSWORD, "10.0.0.1")[0])
    doors.sign_out("no such session")
    assert told() == [("ada", "sign_in", "10.0.0.1"), ("ada", "sign_out", "")]
    for name in ("ada", "a secret typed as name", "ada", "ada", "ada"):  # the last one has to wait: nothing is tried
        with pytest.raises(SignInRefused):
            doors.sign_in(name, "wrong password", "10.0.0.1")
    assert told()[2:] == [
        ("ada", "sign_in_refused", "10.0.0.1"),
        (NOBODY, "sign_in_refused", "10.0.0.1"),
        ("ada", "sign_in_refused", "10.0.0.1"),
        ("ada", "sign_in_refused", "10.0.0.1"),
        ("ada", "sign_in_locked", "10.0.0.1"),
    ]
    assert NOBODY not in [account.name for account in accounts.all()]


def test_a_session_that_is_over_is_told_once_with_the_time_of_its_end(db, accounts, doors):
    accounts.add("bob", PASSWORD, ["reader"])
    secret, _ = doors.sign_in("ada", PASSWORD, "10.0.0.1")
    doors.sign_in("bob", PASSWORD, "10.0.0.1")
    with db.session() as session:
        session.execute(update(SessionRow).values(used_at=now() - timedelta(minutes=75)))
        session.commit()
    assert doors.session(secret) is None and doors.session(secret) is None
    accounts.add("cleo", PASSWORD, ["reader"])
    doors.sign_in("cleo", PASSWORD, "10.0.0.1")  # sweeps what nobody asked for again
    ends = list(AccessLog(db).entries(Wanted(action="session_over")))
    assert [entry.account for entry in ends] == ["bob", "ada"]
    for entry in ends:
        assert abs((entry.seen_at - (now() - timedelta(minutes=60))).total_seconds()) < 600
