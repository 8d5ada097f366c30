#!/usr/bin/env python3
"""Users in PostgreSQL, which is stopped and started in the middle. Nobody is told that a password is wrong."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import people  # noqa: E402
from people import ANN, BAD, BOB, OFF, SECRET  # noqa: E402
from posthorn import Server, expect, main, skip  # noqa: E402
from sink import free_port  # noqa: E402

SCHEMA = f"""
CREATE TABLE users (name text, password text, enabled boolean, quota bigint, groups text);
CREATE TABLE aliases (address text, target text);
INSERT INTO aliases VALUES ('{people.ALIAS}', '{ANN}');
INSERT INTO users VALUES ('{ANN}', '{SECRET}', true, 1000000, 'staff'), ('{BOB}', '{SECRET}', true, NULL, NULL),
  ('{OFF}', '{SECRET}', false, NULL, NULL), ('{BAD}', '{SECRET}', NULL, NULL, NULL),
  ('o''neil@example.org', '{SECRET}', true, NULL, NULL),
  ('hash@example.org', '{{SSHA}}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje', true, NULL, NULL);
"""
QUERIES = {
    "user_query": "SELECT name, password, enabled, quota, groups FROM users WHERE name = %{name} AND "
                  "split_part(name, '@', 2) = %{domain}::text",
    "alias_query": "SELECT target FROM aliases WHERE address = %{name}",
    "password_scheme": "PLAIN",
}


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if not found and shutil.which("postgres"):
        found = [shutil.which("postgres")]
    if not found:
        skip("PostgreSQL is not installed")
    return os.path.dirname(found[-1])


class Postgres:
    """PostgreSQL does not run as root."""

    def __init__(self, folder):
        self.bin = programs()
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(folder, "log")
        self.port = free_port()
        self.folder = folder
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(folder, "nobody", "nogroup")
        self.run("initdb", "-D", self.data, "-U", "mail", "-A", "trust", "--no-sync", "--locale=C.UTF-8")

    def run(self, name, *arguments, **more):
        done = subprocess.run([os.path.join(self.bin, name), *arguments], check=False, text=True, cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, **self.user, **more)
        expect(done.returncode == 0, f"{name}: {done.stdout}")

    def start(self):
        # Its standard output would stay open as long as the server runs.
        done = subprocess.run([os.path.join(self.bin, "pg_ctl"), "-D", self.data, "-w", "-l", self.log, "-o",
                               f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off", "start"],
                              check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              cwd=self.folder, timeout=120, **self.user)
        expect(done.returncode == 0, "PostgreSQL did not start")

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def sql(self, text):
        self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "mail", "-d", "postgres", "-q", "-v",
                 "ON_ERROR_STOP=1", "-c", text)


def course(database, folder):
    secret = os.path.join(folder, "connection")
    with open(secret, "w", encoding="utf-8") as f:
        f.write(f"host=127.0.0.1 port={database.port} user=mail dbname=postgres password=unused\n")
    with Server(any_user=False, quiet=False, arguments=people.ARGUMENTS,
                settings=people.settings("postgresql", connection_file=secret, **QUERIES)) as server:
        people.works(server)
        people.receives(server)
        expect(f"directory work: the entry of {BAD}: enabled is NULL" in server.log(), server.log())
        expect(people.imap(server, "o'neil@example.org") == "OK", "a name with a quote")
        expect(people.imap(server, "' OR true --@example.org") == "AUTHENTICATIONFAILED", "a query as a name")
        expect(people.imap(server, "hash@example.org", "secret") == "OK", "a hash")
        people.is_disabled_at_once(
            server, *(lambda state=state: database.sql(f"UPDATE users SET enabled = {state} WHERE name = '{ANN}'")
                      for state in ("false", "true")))
        database.stop()
        people.fails_temporarily(server)
        database.start()
        people.comes_back(server)
        people.works(server)
        people.receives(server)
        # Connections that were open when it was restarted are not noticed by anybody.
        database.stop()
        database.start()
        expect(people.imap(server, ANN) == "OK", "after a restart")
        # A query that waits for a lock.
        database.sql("ALTER TABLE users RENAME TO people")
        people.fails_temporarily(server)
        database.sql("ALTER TABLE people RENAME TO users")
        people.comes_back(server)
        expect("unused" not in server.log(), "a password is in the log")


def test():
    with tempfile.TemporaryDirectory(prefix="posthorn-pg-") as folder:
        os.chmod(folder, 0o755)
        own = os.path.join(folder, "postgresql")
        os.mkdir(own)
        database = Postgres(own)
        database.start()
        try:
            database.sql(SCHEMA)
            course(database, folder)
        finally:
            database.stop()


if __name__ == "__main__":
    main(test)
