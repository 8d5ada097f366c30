"""What the tests of the whole program share: a server of their own, clients, and words for failing."""

import contextlib
import imaplib
import json
import os
import poplib
import resource
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

SKIPPED = 77  # What ctest is told to take for "skipped".
PASSWORD = "secret"

imaplib._MAXLINE = 50_000_000  # pylint: disable=protected-access
imaplib.Commands.setdefault("MOVE", ("SELECTED",))


class Failure(AssertionError):
    pass


def expect(condition, words):
    if not condition:
        raise Failure(words)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def program():
    """The posthorn binary: $POSTHORN, or the release build's."""
    here = os.path.dirname(os.path.abspath(__file__))
    default = os.path.join(here, "..", "..", "build", "release", "src", "cli", "posthorn")
    path = os.environ.get("POSTHORN", default)
    if not os.path.exists(path):
        sys.exit(f"{path} is not there; POSTHORN=... names the binary")
    return os.path.abspath(path)


def trusting():
    """A TLS context for a server whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def need(command):
    if not shutil.which(command):
        skip(f"{command} is not installed")


class Server:
    """A demo server; with `folder`, on data that stays there; `notes`: where its log goes instead; `descriptors`:
    how many files it may open. Every user exists, with the password PASSWORD, unless `any_user` is false."""

    def __init__(self, folder=None, engine=None, arguments=(), settings=(), sample_mail=False,
                 quiet=True, notes=None, descriptors=None, any_user=True):
        self.own_folder = None
        if folder is None:
            self.own_folder = tempfile.mkdtemp(prefix="posthorn-")
            folder = os.path.join(self.own_folder, "data")
        self.folder = folder
        self.notes = notes or folder
        self.descriptors = descriptors
        self.engine = engine or "rocksdb"
        self.arguments = list(arguments)
        self.settings = [word for setting in settings for word in ("--set", setting)]
        if not sample_mail:
            self.arguments.append("--empty")
        if quiet:
            self.arguments.append("--quiet")
        if any_user:
            self.arguments += ["--any-user", PASSWORD]
        self.process = None
        self.start()

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        ready = os.path.join(self.notes, "ready.json")
        with contextlib.suppress(FileNotFoundError):
            os.remove(ready)
        self.log_path = os.path.join(self.notes, "log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [program(), *self.settings, "demo", "--dir", self.folder, "--engine", self.engine,
                 "--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0",
                 "--lmtp", "127.0.0.1:0", "--https", "127.0.0.1:0", "--ready-file", ready, *self.arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.limit)
        deadline = time.monotonic() + 60
        while not os.path.exists(ready):
            expect(self.process.poll() is None and time.monotonic() < deadline,
                   f"the server did not start:\n{self.log()}")
            time.sleep(0.02)
        with open(ready, encoding="utf-8") as f:
            at = json.load(f)
        self.imap_port, self.imaps_port, self.lmtp_port = at["imap"], at["imaps"], at["lmtp"]
        self.https_port, self.http_port = at["https"], at["http"]
        self.pop3_port, self.pop3s_port = at["pop3"], at["pop3s"]
        self.submission_port, self.submissions_port = at["submission"], at["submissions"]

    def limit(self):
        if self.descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def log_lines(self):
        with open(self.log_path, "rb") as f:
            return sum(1 for _ in f)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()[-6000:]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Ends it in order, and says what is wrong when it does not end well."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "it hung and was killed"
        expect(code == 0, f"the server ended badly ({code}):\n{self.log()}")

    def remove(self):
        if self.own_folder:
            shutil.rmtree(self.own_folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(f"the server's last words:\n{self.log()}", file=sys.stderr)
            self.process.kill()
            self.process.wait()
        else:
            self.stop()
        self.remove()

    def imap(self, user, password=PASSWORD):
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=60)
        client.login(user, password)
        return client

    def pop3(self, user, password=PASSWORD):
        client = poplib.POP3("127.0.0.1", self.pop3_port, timeout=60)
        client.user(user)
        client.pass_(password)
        return client

    def submission(self, user, password=PASSWORD):
        client = smtplib.SMTP("127.0.0.1", self.submission_port, timeout=60)
        client.starttls(context=trusting())
        client.login(user, password)
        return client

    def lmtp(self):
        return Lmtp(self.lmtp_port)

    def run(self, *arguments, codes=(0,)):
        """A posthorn command on this server's data; its standard output."""
        done = subprocess.run([program(), "--data-dir", self.folder, *arguments], check=False,
                              capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
        expect(done.returncode in codes,
               f"posthorn {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def add_account(self, name, password=PASSWORD):
        path = os.path.join(self.notes, "password")
        with open(path, "w", encoding="utf-8") as f:
            f.write(password + "\n")
        self.run("account", "add", name, "--password-file", path)

    def check(self):
        self.run("check", "--deep")


class Lmtp:
    """As much of a client as delivering takes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")
        self.reply()
        self.say("LHLO test.example")
        self.reply()

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def reply(self):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise ConnectionError("the server hung up")
            lines.append(line)
            if line[3:4] != b"-":
                return int(line[:3]), b"".join(lines)

    def deliver(self, message, *recipients, sender="sender@example.com"):
        """One code for each recipient."""
        self.say(f"MAIL FROM:<{sender}>")
        expect(self.reply()[0] == 250, "MAIL was refused")
        codes = []
        for recipient in recipients:
            self.say(f"RCPT TO:<{recipient}>")
            codes.append(self.reply()[0])
        taken = [i for i, code in enumerate(codes) if code == 250]
        if taken:
            self.say("DATA")
            expect(self.reply()[0] == 354, "DATA was refused")
            if not message.endswith(b"\r\n"):
                message += b"\r\n"
            stuffed = message.replace(b"\r\n.", b"\r\n..")
            if stuffed.startswith(b"."):
                stuffed = b"." + stuffed
            self.socket.sendall(stuffed + b".\r\n")
            for i in taken:
                codes[i] = self.reply()[0]
        else:
            self.say("RSET")
            self.reply()
        return codes

    def close(self):
        self.say("QUIT")
        self.reply()
        self.socket.close()


def ok(answer):
    """An imaplib answer's data; fails unless it is OK."""
    kind, data = answer
    expect(kind == "OK", f"{kind}: {data}")
    return data


def main(test):
    """Runs it; prints what failed."""
    try:
        test()
    except Failure as e:
        print(f"FAILED: {e}", file=sys.stderr)
        sys.exit(1)
    print("passed")
