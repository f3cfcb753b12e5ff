"""A real PostgreSQL server for tests, on a free port of this machine: Debian's, started and stopped by the tests."""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HINT = "needs PostgreSQL's server (apt-get install postgresql) and psycopg (pip install 'wardround[postgres]')"
ROLE, PASSWORD = "ward", "correct horse"


@dataclass
class Postgres:
    """A server whose superuser is `admin`; `ROLE` may only create schemas in the databases made for it."""

    bin: Path
    folder: Path
    port: int
    user: dict = field(default_factory=dict)  # who runs it
    options: tuple = ("fsync=off", "full_page_writes=off")  # nothing here has to survive a power cut

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", str(self.port),
                 "-k", self.folder, *(word for option in self.options for word in ("-c", option))],
                stdout=log, stderr=log, cwd=self.folder, preexec_fn=_end_with_parent, **self.user,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.sql("SELECT 1")
                return
            except Exception:
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self):
        """At once, as if it had crashed: clients lose their connections."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def sql(self, statement, database="postgres", role="admin"):
        """The rows of one statement, outside a transaction."""
        import psycopg

        where = f"host=127.0.0.1 port={self.port} dbname={database} user={role} connect_timeout=5"
        with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def database(self, options=""):
        """The address, without its password, of a fresh database in which `ROLE` may create schemas."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.sql(f"CREATE DATABASE {name} {options}")
        self.sql(f"GRANT CREATE ON DATABASE {name} TO {ROLE}")
        try:
            yield f"postgresql://{ROLE}@127.0.0.1:{self.port}/{name}"
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def running_postgres(**options):
    """A server of the newest version that is installed; skips where there is none."""
    home = _programs()
    try:
        import psycopg  # noqa: F401
    except ImportError:
        home = None
    if home is None:
        pytest.skip(HINT)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = _somebody()
    folder = Path(tempfile.mkdtemp(prefix="wardround-pg-"))  # pytest's own folders are closed to others than root
    try:
        (folder / "password").write_text(PASSWORD)
        if user:
            for path in (folder, folder / "password"):
                os.chown(path, user["user"], user["group"])
        subprocess.run(
            [home / "initdb", "-D", folder / "data", "-U", "admin", "--auth=scram-sha-256",
             f"--pwfile={folder / 'password'}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **user,
        )  # fmt: skip
        server = Postgres(home, folder, port, user, **options)
        server.start()
        server.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end_with_parent():
    """In the server: end when the tests are killed, which then can't stop it (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def _programs():
    """The folder of the newest server's programs: Debian keeps each version's in its own."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found and (initdb := shutil.which("initdb")):
        found = [Path(initdb).resolve().parent]
    return max(found, key=lambda path: (len(path.parent.name), path.parent.name), default=None)


def _somebody():
    """Whom to run it as: root may not, so root hands it to somebody who is nobody here."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
