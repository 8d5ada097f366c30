#!/usr/bin/env python3
"""A mail server without a table of its own takes everything from Posthorn, with the lines that `posthorn mta` prints
for it: who may log in, who may send as whom, which recipients there are, and whose mailbox is full.

usage: mta_test.py postfix|chasquid|exim

Exim cannot be installed beside Postfix, so Debian's package is downloaded and unpacked (harness/exim.py), and the test
runs itself again in a mount namespace where the user and the libraries of Exim are there. $POSTHORN_EXIM can name a
program instead; it must have been built with the authenticator "dovecot", as exim4-daemon-heavy is."""

import contextlib
import os
import pwd
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, ok, program, skip, trusting  # noqa: E402
from sink import free_port  # noqa: E402
import exim as unpacked  # noqa: E402

ADA = "ada@example.org"
FULL = "full@example.org"
SOCKETS = ("lmtp", "auth", "user", "map", "policy")

MASTER = """{port} inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class Agent:
    """A mail server in a folder of its own, with the lines that Posthorn printed for it."""

    name = ""

    def __init__(self, sockets):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="posthorn-mta-")
        self.process = None
        os.chmod(self.folder, 0o755)
        self.prepare(self.lines(sockets))

    def lines(self, sockets):
        return self.mta(sockets).stdout

    def mta(self, sockets, *arguments, code=0):
        settings = [word for name, path in sockets.items()
                    for word in ("--set", f"listen.{name}_socket={path}")]
        done = subprocess.run([program(), *settings, "mta", self.name, *arguments], check=False,
                              capture_output=True, text=True, timeout=60)
        expect(done.returncode == code, f"mta {arguments}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def prepare(self, lines):
        raise NotImplementedError

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def log(self):
        with contextlib.suppress(OSError), \
                open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()
        return ""

    def run(self, *command):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), smtplib.SMTP("127.0.0.1", self.port, timeout=10):
                return
            time.sleep(0.1)
        expect(False, f"{self.name} did not start:\n{self.log()}")

    def end(self):
        self.process.terminate()
        self.process.wait(60)

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(f"the log of {self.name}:\n{self.log()[-4000:]}", file=sys.stderr)
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self):
        """A connection on which logins are offered."""
        client = smtplib.SMTP("127.0.0.1", self.port, timeout=60)
        client.starttls(context=trusting())
        return client

    def certificate(self):
        certificate, key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=relay.example.net", "-keyout", key, "-out", certificate], check=True,
                       capture_output=True, timeout=60)
        return certificate, key


class Postfix(Agent):
    name = "postfix"

    def prepare(self, lines):
        main_cf, master_cf = lines.split("\n\n")
        expect("smtpd_sasl_auth_enable=yes" in master_cf, master_cf)
        os.chmod(self.folder, 0o755)
        self.config = os.path.join(self.folder, "etc")
        for part in ("etc", "queue", "data"):
            os.makedirs(os.path.join(self.folder, part))
        owner = pwd.getpwnam("postfix")
        os.chown(os.path.join(self.folder, "data"), owner.pw_uid, owner.pw_gid)
        self.write("etc/main.cf", f"""compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
maillog_file = {self.folder}/log
maillog_file_prefixes = {self.folder}
myhostname = relay.example.net
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks =
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = none
lmtp_tls_security_level = none
smtpd_error_sleep_time = 0
{main_cf}
""")
        self.write("etc/master.cf", MASTER.format(port=self.port))

    def __enter__(self):
        done = subprocess.run(["postfix", "-c", self.config, "start"], check=False, capture_output=True,
                              text=True, timeout=60)
        expect(done.returncode == 0, f"postfix: {done.stdout}{done.stderr}")
        return self

    def end(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], check=False, capture_output=True, timeout=60)

    def client(self):
        return smtplib.SMTP("127.0.0.1", self.port, timeout=60)


class Chasquid(Agent):
    name = "chasquid"
    HOOK = "/etc/chasquid/hooks/post-data"
    PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "chasquid")

    def prepare(self, lines):
        certificate, key = self.certificate()
        self.incoming = free_port()
        self.write("hooks/post-data", self.hook(lines))
        os.chmod(os.path.join(self.folder, "hooks/post-data"), 0o755)
        os.makedirs(os.path.join(self.folder, "domains/example.org"))
        host = os.path.join(self.folder, "certs/relay.example.net")
        os.makedirs(host)
        shutil.move(certificate, os.path.join(host, "fullchain.pem"))
        shutil.move(key, os.path.join(host, "privkey.pem"))
        self.write("chasquid.conf", f"""hostname: "relay.example.net"
submission_address: "127.0.0.1:{self.port}"
smtp_address: "127.0.0.1:{self.incoming}"
submission_over_tls_address: "127.0.0.1:{free_port()}"
data_dir: "{self.folder}/data"
mail_log_path: "<stderr>"
{lines}
""")

    def hook(self, lines):
        """Debian's hook with the line that is printed for it, where it belongs."""
        line, = re.findall(r"^#   (.* \|\| exit)$", lines, flags=re.MULTILINE)
        line = line.replace("/usr/share/posthorn/chasquid", os.path.abspath(self.PROGRAMS))
        with open(self.HOOK, encoding="utf-8") as f:
            text, found = re.subn(r'^(cat > "\$TF")$', lambda match: f"{match[1]}\n{line}", f.read(), flags=re.MULTILINE)
        expect(found == 1, f"Debian's hook is another one:\n{text}")
        return text

    def __enter__(self):
        self.run("chasquid", f"-config_dir={self.folder}")
        return self

    def from_outside(self):
        client = smtplib.SMTP("127.0.0.1", self.incoming, timeout=60)
        client.ehlo()
        return client


class Exim(Agent):
    name = "exim"

    def prepare(self, lines):
        certificate, key = self.certificate()
        parts = dict.fromkeys(("main", "acl", "data", "routers", "transports", "authenticators"), "")
        for part in re.split(r"^# (?=Main|begin)", lines, flags=re.MULTILINE)[1:]:
            words, _, text = part.partition("\n")
            name = "main" if words.startswith("Main") else "data" if "DATA" in words else words.split()[1].rstrip(",")
            while text.startswith("#"):  # The comment goes on.
                text = text.partition("\n")[2]
            parts[name] = text
        spool = os.path.join(self.folder, "spool")
        os.makedirs(spool)
        for path in (self.folder, spool, certificate, key):
            shutil.chown(path, "nobody", "nogroup")
        self.write("exim.conf", f"""exim_path = {os.environ["POSTHORN_EXIM"]}
spool_directory = {spool}
log_file_path = {self.folder}/%slog
primary_hostname = relay.example.net
daemon_smtp_ports = {self.port}
local_interfaces = 127.0.0.1
tls_certificate = {certificate}
tls_privatekey = {key}
tls_advertise_hosts = *
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data
exim_user = nobody
exim_group = nogroup
{parts["main"]}
begin acl
check_rcpt:
{parts["acl"]}
  require message = 550 5.1.1 No such user here
          verify = recipient
  accept authenticated = *
  accept domains = +posthorn_domains
  deny message = relay not permitted
check_data:
{parts["data"]}
  accept
begin routers
{parts["routers"]}
begin transports
{parts["transports"]}
begin authenticators
{parts["authenticators"]}
""")

    def __enter__(self):
        self.run(os.environ["POSTHORN_EXIM"], "-C", os.path.join(self.folder, "exim.conf"), "-bdf", "-q1m")
        return self


def refused(code, enhanced, sender, *recipients, client):
    """The whole message is refused with this code, at RCPT."""
    expect(client.mail(sender)[0] == 250, "MAIL was refused")
    for recipient in recipients:
        got, text = client.rcpt(recipient)
        expect(got == code and enhanced in text.decode(), f"{sender} to {recipient}: {got} {text}")
    client.rset()


def log_in(agent, mechanisms):
    for mechanism in mechanisms:
        with agent.client() as client:
            client.ehlo()
            expect(mechanism in client.esmtp_features["auth"], client.esmtp_features["auth"])
            client.user, client.password = ADA, PASSWORD
            client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))
    for user, password in ((ADA, "wrong"), ("nobody@example.org", PASSWORD)):
        with agent.client() as client:
            try:
                client.login(user, password)
                expect(False, f"{user} logged in with {password}")
            except smtplib.SMTPAuthenticationError as e:
                expect(e.smtp_code == 535, f"{e}")


def with_postfix(server, sockets):
    with Postfix(sockets) as postfix:
        # The service on the test's port has its own name and options; everything else is as printed.
        compared = postfix.mta(sockets, "--check", "--postfix-config", postfix.config, code=3)
        expect(all(line.startswith("submission/inet/") for line in compared.stdout.splitlines()), compared.stdout)
        postfix.write("etc/main.cf", postfix.read("etc/main.cf").replace("recipient_delimiter = +", ""))
        compared = postfix.mta(sockets, "--check", "--postfix-config", postfix.config, code=3)
        expect("recipient_delimiter: it is '' and should be '+'" in compared.stdout, compared.stdout)
        postfix.write("etc/main.cf", postfix.read("etc/main.cf") + "recipient_delimiter = +\n")
        log_in(postfix, ("PLAIN", "LOGIN"))
        with postfix.client() as client:  # Somebody from outside.
            client.ehlo()
            refused(550, "5.1.1", "x@example.net", "nobody@example.org", client=client)
            refused(552, "5.2.2", "x@example.net", FULL, "also-full@example.org", client=client)
            refused(554, "5.7.1", "x@example.net", "x@example.com", client=client)
            too_large = client.mail("x@example.net", ["SIZE=900000000"])
            expect(too_large[0] == 552, f"{too_large}")
            client.sendmail("x@example.net", [ADA, "post@example.org", "ada+Archive@example.org"],
                            "Subject: from outside\r\n\r\nHello.\r\n")
        server.run("account", "send-as", "add", ADA, "team@example.org")
        send_as_user(postfix, granted="team@example.org")
        sender_login_maps(postfix)
        # Postfix follows the alias itself, and sends each recipient one letter only.
        arrived(server, "Archive", 1)
        arrived(server, "INBOX", 5)


def sender_login_maps(postfix):
    """Postfix itself compares the sender, with the map that is printed as a comment, and without the policy service. Of
    the addresses that were granted to a user this map knows nothing."""
    text, found = re.subn(r"^# (smtpd_sender_login_maps = \S+)$",
                          r"\1\nsmtpd_sender_restrictions = reject_sender_login_mismatch",
                          postfix.read("etc/main.cf"), flags=re.MULTILINE)
    expect(found == 1, text)
    text = re.sub(r"^smtpd_(recipient|end_of_data)_restrictions = .*$", "", text, flags=re.MULTILINE)
    expect(":senders" in text and "check_policy_service" not in text, text)
    postfix.write("etc/main.cf", text)
    done = subprocess.run(["postfix", "-c", postfix.config, "reload"], check=False, capture_output=True, text=True,
                          timeout=60)
    expect(done.returncode == 0, done.stderr)
    send_as_user(postfix)
    expect("not owned by user" in postfix.log(), "it was not Postfix that refused")


def with_chasquid(server, sockets):
    """chasquid asks for recipients on the user socket, whose answer cannot say "full": that is temporary. It does not ask
    about senders, which its hook does after the data. It hangs up after three refusals."""
    with Chasquid(sockets) as chasquid:
        log_in(chasquid, ("PLAIN",))
        with chasquid.from_outside() as client:
            refused(550, "5.1.1", "x@example.net", "nobody@example.org", client=client)
            refused(503, "5.7.1", "x@example.net", "x@example.com", client=client)
        with chasquid.from_outside() as client:
            refused(451, "4.4.3", "x@example.net", FULL, "also-full@example.org", client=client)
        with chasquid.from_outside() as client:
            client.sendmail("x@example.net", [ADA, "post@example.org", "ada+Archive@example.org"],
                            "Subject: from outside\r\n\r\nHello.\r\n")
        with chasquid.client() as client:
            client.login(ADA, PASSWORD)
            refused(550, "5.1.1", ADA, "nobody@example.org", client=client)
            refused(451, "4.4.3", ADA, FULL, client=client)
        server.run("account", "send-as", "add", ADA, "team@example.org")
        for sender in ("ceo@example.org", FULL, "x@example.net"):
            with chasquid.client() as client:
                client.login(ADA, PASSWORD)
                refused_after_data(554, "5.7.1", sender, [ADA, "post@example.org"], client=client)
        for sender in ("team@example.org", "post@example.org", ADA):
            with chasquid.client() as client:
                client.login(ADA, PASSWORD)
                client.sendmail(sender, [ADA], f"Subject: from {sender}\r\n\r\nHello.\r\n")
        arrived(server, "Archive", 1)
        arrived(server, "INBOX", 5)
        expect("ceo@example.org" not in subjects(server), "a forged sender came through")
        with server.imap(FULL) as imap:
            expect(int(ok(imap.select("INBOX"))[0]) == 1, "a full mailbox got more")
        os.rename(sockets["policy"], sockets["policy"] + ".away")
        with chasquid.client() as client:
            client.login(ADA, PASSWORD)
            refused_after_data(451, "4.3.0", ADA, [ADA], client=client)


def refused_after_data(code, words, sender, recipients, client):
    client.mail(sender)
    for recipient in recipients:
        got, text = client.rcpt(recipient)
        expect(got == 250, f"{sender} to {recipient}: {got} {text}")
    got, text = client.data(f"Subject: from {sender}\r\n\r\nHello.\r\n")
    expect(got == code and words in text.decode(), f"{sender}, after the data: {got} {text}")


def subjects(server):
    with server.imap(ADA) as imap:
        ok(imap.select("INBOX"))
        return str(ok(imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")))


def with_exim(server, sockets):
    with Exim(sockets) as exim:
        log_in(exim, ("PLAIN", "LOGIN"))
        with exim.client() as client:  # Somebody from outside.
            client.ehlo()
            refused(550, "5.1.1", "x@example.net", "nobody@example.org", client=client)
            refused(552, "5.2.2", "x@example.net", FULL, "also-full@example.org", client=client)
            refused(550, "", "x@example.net", "x@example.com", client=client)
            client.sendmail("x@example.net", [ADA, "post@example.org", "ada+Archive@example.org"],
                            "Subject: from outside\r\n\r\nHello.\r\n")
        server.run("account", "send-as", "add", ADA, "team@example.org")
        send_as_user(exim, granted="team@example.org")
        arrived(server, "Archive", 1)
        arrived(server, "INBOX", 3)
        with server.imap(FULL) as imap:
            expect(int(ok(imap.select("INBOX"))[0]) == 1, "a full mailbox got more")
        os.rename(sockets["policy"], sockets["policy"] + ".away")
        with exim.client() as client:
            client.ehlo()
            client.mail("x@example.net")
            got, text = client.rcpt(ADA)
            expect(got == 451, f"without the policy service: {got} {text}")


def send_as_user(agent, granted=None):
    with agent.client() as client:
        client.login(ADA, PASSWORD)
        for sender in ("ceo@example.org", FULL):
            client.mail(sender)
            got, text = client.rcpt(ADA)
            expect(got in (550, 553), f"{sender}: {got} {text}")
            client.rset()
        for sender in (granted or ADA, "post@example.org"):
            client.sendmail(sender, [ADA], f"Subject: from {sender}\r\n\r\nHello.\r\n")


def arrived(server, mailbox, count):
    with server.imap(ADA) as imap:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if int(ok(imap.select(mailbox))[0]) >= count:
                return
            time.sleep(0.2)
        expect(False, f"{count} letters expected in {mailbox}")


AGENTS = {"postfix": with_postfix, "chasquid": with_chasquid, "exim": with_exim}


def with_unpacked_exim():
    """Runs this test again where Exim is unpacked."""
    folder = tempfile.mkdtemp(prefix="posthorn-exim-")
    try:
        os.chmod(folder, 0o755)
        found, reason = unpacked.unpack(folder)
        if not found:
            skip(reason)
        done = subprocess.run(unpacked.within(folder, sys.executable, os.path.abspath(__file__), "exim"), check=False,
                              env=dict(os.environ, POSTHORN_EXIM=found), timeout=280)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(done.returncode)


def test(agent):
    if os.geteuid() != 0:
        skip("mail servers start as root only")
    if agent != "exim":
        need(agent)
    elif not os.environ.get("POSTHORN_EXIM"):
        with_unpacked_exim()
    folder = tempfile.mkdtemp(prefix="posthorn-sockets-")
    os.chmod(folder, 0o755)
    sockets = {name: os.path.join(folder, name + ".sock") for name in SOCKETS}
    arguments = [word for name, path in sockets.items() for word in (f"--{name}-socket", path)]
    with Server(engine="rocksdb", arguments=arguments, any_user=False) as server:
        for path in sockets.values():
            os.chmod(path, 0o666)  # In production: a group both are in.
        password = os.path.join(folder, "password")
        with open(password, "w", encoding="utf-8") as f:
            f.write(PASSWORD + "\n")
        server.run("account", "add", ADA, "--password-file", password)
        server.run("account", "add", FULL, "--password-file", password, "--max-messages", "1")
        server.run("alias", "add", "post@example.org", ADA)
        server.run("alias", "add", "also-full@example.org", FULL)
        with contextlib.closing(server.lmtp()) as lmtp:
            expect(lmtp.deliver(b"Subject: the only one\r\n\r\n", FULL) == [250], "the first letter")
        AGENTS[agent](server, sockets)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(lambda: test(sys.argv[1]))
