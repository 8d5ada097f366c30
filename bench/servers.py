"""Starts and stops the servers that are compared, each in a private folder on loopback."""

import glob
import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import time

PASSWORD = "secret"
# What both get alike: no bound on sessions that a row would run into.
SESSIONS = 20000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing answers at port {port}")


def raise_file_limit():
    """As many descriptors as the machine allows, for the servers as well: they inherit it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (200000, most):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, most)))
            return
        except (ValueError, OSError):
            continue


def make_certificate(folder):
    """A self-signed one of the kind Posthorn makes for itself (P-256); its two files."""
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                    "/CN=localhost", "-out", certificate, "-keyout", key],
                   check=True, capture_output=True)
    return certificate, key


class InotifyLimit:
    """Dovecot watches a mailbox with one inotify instance a session, and its manual asks to raise
    their number; done here while the bench runs, if we may."""

    PATH = "/proc/sys/fs/inotify/max_user_instances"

    def __enter__(self):
        self.before = None
        try:
            with open(self.PATH, encoding="ascii") as f:
                before = f.read()
            if int(before) < SESSIONS:
                self.write(str(SESSIONS))
                self.before = before
        except OSError:
            print("the bound on inotify instances stays: many IDLE sessions of Dovecot may be slow")

    def __exit__(self, *_):
        if self.before is not None:
            self.write(self.before)

    def write(self, value):
        with open(self.PATH, "w", encoding="ascii") as f:
            f.write(value)


class Server:
    """One server under test: name, title, folder, ports and the pid of its first process."""

    def __init__(self, name, title, folder):
        self.name, self.title = name, title
        self.folder = os.path.join(folder, name)
        self.process = None
        self.usual_start = None  # Octets that a start without news writes; see run.settle().
        self.imap = self.imaps = self.lmtp = 0
        os.makedirs(self.folder)

    def choose_ports(self):
        """Once: a server that is started again is found where it was."""
        self.imap = self.imap or free_port()
        self.imaps = self.imaps or free_port()
        self.lmtp = self.lmtp or free_port()

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)  # Thousands of sessions may have to be ended.
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        self.start()

    def processes(self):
        """The pids of the first process and all below it."""
        parents = {}
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="ascii", errors="replace") as f:
                    # The name in parentheses may hold anything.
                    pid, rest = f.read().split(" (", 1)
                parents[int(pid)] = int(rest.rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError, IndexError):
                continue  # It ended meanwhile.
        ours = {self.pid}
        while True:
            more = {pid for pid, parent in parents.items() if parent in ours} - ours
            if not more:
                return ours
            ours |= more

    def written_octets(self):
        """What its processes, and those of them that have ended, caused to be written to disk since
        it was started: write_bytes of /proc/PID/io, where the kernel adds ended children."""
        total = 0
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/io", encoding="ascii") as f:
                    fields = dict(line.strip().split(": ") for line in f)
            except OSError:
                continue
            total += int(fields["write_bytes"]) - int(fields["cancelled_write_bytes"])
        return total

    def disk_octets(self):
        """What the server's mail takes on disk, in octets."""
        return int(subprocess.run(["du", "-s", "-B1", self.folder], capture_output=True, text=True,
                                  check=True).stdout.split()[0])


class Posthorn(Server):
    def __init__(self, folder, program):
        super().__init__("posthorn", "Posthorn", folder)
        self.program = program

    def start(self):
        ready = os.path.join(self.folder, "ready.json")
        if os.path.exists(ready):
            os.remove(ready)
        self.choose_ports()
        settings = [f"limits.connections={SESSIONS}", f"limits.per_user={SESSIONS}",
                    f"limits.per_address={SESSIONS}"]
        command = [self.program]
        for setting in settings:
            command += ["--set", setting]
        command += ["demo", "--empty", "--quiet", "--engine", "rocksdb", "--any-user", PASSWORD,
                    "--dir", os.path.join(self.folder, "data"), "--ready-file", ready,
                    "--imap", f"127.0.0.1:{self.imap}", "--imaps", f"127.0.0.1:{self.imaps}",
                    "--pop3", "", "--pop3s", "", "--lmtp", f"127.0.0.1:{self.lmtp}", "--https", "",
                    "--submission", "", "--submissions", ""]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + 30
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"posthorn did not start; see {self.folder}/log")
            time.sleep(0.02)


# sdbox with everything else as Debian and Dovecot ship it; only the bounds on sessions and
# processes are raised, and mail_fsync stays as it is (optimized: synced where mail could be lost).
DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
default_internal_user = {internal}
default_login_user = {login}
default_internal_group = {internal_group}
first_valid_uid = 1
mail_location = sdbox:~/sdbox
mail_home = {folder}/mail/%u
mail_uid = {mail}
mail_gid = {mail_group}
mail_max_userip_connections = {sessions}
default_client_limit = 15000
default_vsz_limit = 8G
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail} gid={mail_group} home={folder}/mail/%u
}}
service imap-login {{
  {imap_login}
  {chroot}
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap_port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps_port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 12000
  {imap}
}}
service lmtp {{
  {lmtp}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
service anvil {{
  client_limit = 15000
  {chroot}
}}
service stats {{
  client_limit = 15000
}}
service auth {{
  client_limit = 15000
}}
protocol lmtp {{
  postmaster_address = postmaster@example.org
}}
{more}
"""

# As shipped, each session has a process, and with TLS a second one that keeps the connection.
SHIPPED = {"imap_login": "process_limit = 12000", "imap": "", "lmtp": "", "more": ""}

# The same with processes that serve one session after another, logins that stay in few processes,
# a cache of passwords, and idle sessions that are put away.
TUNED = {
    "imap_login": "service_count = 0\n  process_min_avail = 2\n  client_limit = 15000",
    "imap": "service_count = 0\n  process_min_avail = 4\n  idle_kill = 2s\n"
            "  unix_listener imap-master {{\n    user = {internal}\n  }}",
    "lmtp": "process_min_avail = 4",
    "more": "imap_hibernate_timeout = 1s\nauth_cache_size = 16M\n"
            "service imap-hibernate {{\n  client_limit = 15000\n"
            "  unix_listener imap-hibernate {{\n    mode = 0666\n  }}\n}}",
}


class Dovecot(Server):
    def __init__(self, folder, tuned):
        super().__init__("dovecot-tuned" if tuned else "dovecot",
                         "Dovecot tuned" if tuned else "Dovecot", folder)
        self.tuned = tuned
        self.certificate, self.key = make_certificate(self.folder)
        root = os.getuid() == 0
        me = pwd.getpwuid(os.getuid()).pw_name
        self.users = {"internal": "dovecot" if root else me, "login": "dovenull" if root else me,
                      "internal_group": "dovecot" if root else me,
                      "mail": "nobody" if root else me, "mail_group": "nogroup" if root else me,
                      "chroot": "" if root else "chroot ="}

    def start(self):
        for sub in ("run", "state", "mail"):
            os.makedirs(os.path.join(self.folder, sub), exist_ok=True)
        if os.getuid() == 0:
            shutil.chown(os.path.join(self.folder, "mail"), self.users["mail"],
                         self.users["mail_group"])
        self.choose_ports()
        parts = SHIPPED
        if self.tuned:
            parts = {k: v.format(**self.users) for k, v in TUNED.items()}
        text = DOVECOT.format(folder=self.folder, sessions=SESSIONS, password=PASSWORD,
                              imap_port=self.imap, imaps_port=self.imaps, lmtp_port=self.lmtp,
                              certificate=self.certificate, key=self.key, **self.users, **parts)
        path = os.path.join(self.folder, "dovecot.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(line for line in text.splitlines() if line.strip()) + "\n")
        program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        self.process = subprocess.Popen([program, "-F", "-c", path], stdin=subprocess.DEVNULL)
        wait_for(self.imap, self.process)
        wait_for(self.lmtp, self.process)
