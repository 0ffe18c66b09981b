"""Database servers for sweeps, each started in a folder of its own; where one is not installed, tests are skipped."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL server; the URL of an empty database."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'psycopg[binary]'")
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql, or pip install pgserver")
    with _folder_of("nobody") as (folder, account):

        def run(program: str, *arguments: str) -> None:
            _run([str(programs / program), "-D", str(folder / "data"), *arguments], folder, account)

        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c max_connections=20"
        run("initdb", "-U", "sweeper", "--auth=trust", "--no-sync")
        try:
            run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
            yield f"postgresql://sweeper@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


def _postgresql_programs() -> Path | None:
    """Where they are: Debian's, those on the path, or those of the package pgserver."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which("initdb")
    places += [Path(found).parent] if found else []
    package = find_spec("pgserver")
    places += [Path(package.origin).parent / "pginstall" / "bin"] if package is not None and package.origin else []
    return next((place for place in places if (place / "initdb").is_file()), None)


@contextmanager
def mariadb() -> Iterator[str]:
    """A MariaDB server, which is asked as MySQL is; the URL of an empty database, in latin1 as by default."""
    pytest.importorskip("pymysql", reason="PyMySQL is not installed: pip install pymysql")
    install, server = shutil.which("mariadb-install-db"), shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
    if install is None or server is None:
        pytest.skip("MariaDB is not installed: apt-get install mariadb-server")
    with _folder_of("nobody") as (folder, account):
        place = ["--no-defaults", f"--datadir={folder / 'data'}"]
        _run([install, *place, "--auth-root-authentication-method=normal", "--skip-test-db"], folder, account)
        (folder / "begin.sql").write_text("CREATE DATABASE sweeps CHARACTER SET latin1;\n", encoding="ascii")
        socket = folder / "socket"
        command = [
            server, *place, f"--socket={socket}", "--skip-networking", f"--pid-file={folder / 'pid'}",
            f"--init-file={folder / 'begin.sql'}", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **account)
        try:
            _wait_for(socket, process)
            yield f"mysql://root@localhost/sweeps?unix_socket={socket}"
        finally:
            process.kill()
            process.wait()


def _wait_for(socket: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the server listens; it answers when the database is made."""
    for _ in range(3000):
        if socket.exists():
            return
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the server has ended with {process.wait(0.1)}")
    raise AssertionError("the server does not listen")


@contextmanager
def _folder_of(user: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with a short name, since a socket's path may have 107 bytes, and the account that servers run as.

    user: owns it where the tests run as root, which servers refuse to do.
    """
    folder = Path(tempfile.mkdtemp(prefix="db-"))
    if not os.getuid():
        shutil.chown(folder, user)
    try:
        yield folder, {"user": user} if not os.getuid() else {}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: Sequence[str], folder: Path, account: dict[str, str]) -> None:
    user = account.get("user", pwd.getpwuid(os.getuid()).pw_name)
    subprocess.run(
        command, check=True, timeout=120, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder), "USER": user, "LC_ALL": "C.UTF-8"}, **account,
    )  # fmt: skip
