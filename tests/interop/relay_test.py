#!/usr/bin/env python3
"""Mail submitted here goes through one Postfix, the relay, to another, the sink, and arrives as it was
sent. The relay wants STARTTLS and a login; it refuses an address; it is away and comes back."""

import email
import email.policy
import glob
import os
import pwd
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok, skip  # noqa: E402
from sink import free_port  # noqa: E402

ANN = "ann@example.org"
BOB = "bob@example.org"
FAR = "far@outside.test"
NOBODY = "nobody@outside.test"
PATIENCE = 60


class Postfix:
    """One instance on a port of its own, with more lines for main.cf."""

    MASTER = """{port} inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
error unix - - n - - error
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""

    def __init__(self, name, more):
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix=f"posthorn-{name}-")
        os.chmod(self.folder, 0o755)
        self.config = os.path.join(self.folder, "etc")
        for part in ("etc", "queue", "data", "mail"):
            os.makedirs(os.path.join(self.folder, part))
        owner = pwd.getpwnam("postfix")
        os.chown(os.path.join(self.folder, "data"), owner.pw_uid, owner.pw_gid)
        self.write("main.cf", f"""compatibility_level = 3.6
queue_directory = {self.folder}/queue
data_directory = {self.folder}/data
maillog_file = {self.folder}/log
maillog_file_prefixes = {self.folder}
myhostname = {name}.example.net
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_peername_lookup = no
notify_classes =
smtputf8_enable = yes
""" + more.format(folder=self.folder))
        self.write("master.cf", self.MASTER.format(port=f"127.0.0.1:{self.port}"))

    def write(self, name, text):
        with open(os.path.join(self.config, name), "w", encoding="utf-8") as f:
            f.write(text)

    def start(self):
        done = subprocess.run(["postfix", "-c", self.config, "start"], check=False,
                              capture_output=True, text=True, timeout=60)
        expect(done.returncode == 0, f"postfix: {done.stdout}{done.stderr}")

    def stop(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], check=False, capture_output=True,
                       timeout=60)

    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
                return f.read()[-5000:]
        except OSError:
            return ""

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class DovecotAuth:
    """Answers a Postfix about passwords: "relayuser" has "relay secret"."""

    def __init__(self, folder):
        self.folder = folder
        path = os.path.join(folder, "etc", "dovecot.conf")
        with open(os.path.join(folder, "etc", "users"), "w", encoding="utf-8") as f:
            f.write("relayuser:{PLAIN}relay secret\n")
        os.chmod(os.path.join(folder, "etc", "users"), 0o644)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"""base_dir = {folder}/dovecot
state_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login scram-sha-256
default_internal_user = root
default_login_user = nobody
passdb {{
  driver = passwd-file
  args = {folder}/etc/users
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}
service auth {{
  unix_listener {folder}/queue/private/auth {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
""")
        self.process = subprocess.Popen(["dovecot", "-F", "-c", path], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(os.path.join(folder, "queue", "private", "auth")):
            expect(self.process.poll() is None and time.monotonic() < deadline,
                   f"dovecot's auth did not start:\n{self.log()}")
            time.sleep(0.05)

    def log(self):
        try:
            with open(os.path.join(self.folder, "dovecot.log"), encoding="utf-8") as f:
                return f.read()[-3000:]
        except OSError:
            return ""

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def make_sink():
    """Keeps far@outside.test's mail in a Maildir; knows nobody else."""
    sink = Postfix("sink", """mynetworks = 127.0.0.0/8
virtual_mailbox_domains = outside.test
virtual_mailbox_maps = inline:{{ {{ far@outside.test = far/ }} }}
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_transport = virtual
""")
    os.chown(os.path.join(sink.folder, "mail"), 65534, 65534)
    return sink


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                    os.path.join(folder, "key.pem"), "-out", os.path.join(folder, "cert.pem")],
                   check=True, capture_output=True, timeout=60)


def make_relay(sink):
    relay = Postfix("relay", """mynetworks =
relayhost = [127.0.0.1]:%d
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_auth_only = yes
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/etc/cert.pem
smtpd_tls_key_file = {folder}/etc/key.pem
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
    check_recipient_access inline:{{ {{ %s = 550 5.1.1 there is no such user }} }}, permit
""" % (sink.port, NOBODY))
    make_certificate(relay.config)
    return relay


def wait(condition, words):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        expect(time.monotonic() < deadline, words() if callable(words) else words)
        time.sleep(0.1)


def submit(server, message, *recipients, options=()):
    with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=60) as smtp:
        smtp.login(ANN, PASSWORD)
        smtp.sendmail(ANN, recipients, message, mail_options=options)


def arrived(sink, token):
    """The files of the sink that hold it."""
    found = []
    for path in glob.glob(os.path.join(sink.folder, "mail", "far", "new", "*")):
        with open(path, "rb") as f:
            octets = f.read()
        if token.encode() in octets:
            found.append(octets)
    return found


def without_trace(octets):
    """What follows the header fields that the servers on the way put in front."""
    return octets[octets.index(b"From: "):]


def arrives_as_it_was_sent(server, sink):
    text = "Gr\u00fc\u00dfe\r\n.\r\n..dots\r\n.\r\n" + "long " * 150 + "\r\n\r\nend\r\n"
    message = (f"From: Ann <{ANN}>\r\nTo: {FAR}\r\nBcc: {BOB}\r\nSubject: exact\r\n"
               "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <exact@example.org>\r\n"
               "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: 8bit\r\n\r\n" + text).encode()
    submit(server, message, FAR, BOB, options=["BODY=8BITMIME"])
    wait(lambda: arrived(sink, "Subject: exact"), lambda: f"nothing came:\n{sink.log()}")
    got = without_trace(arrived(sink, "Subject: exact")[0]).replace(b"\n", b"\r\n")
    expect(got == message.replace(f"Bcc: {BOB}\r\n".encode(), b""), f"another message came: {got!r}")
    imap = server.imap(BOB)
    ok(imap.select("INBOX", readonly=True))
    octets = ok(imap.fetch("1", "(BODY.PEEK[])"))[0][1]
    expect(without_trace(octets) == message.replace(f"Bcc: {BOB}\r\n".encode(), b""),
           f"another message came here: {octets!r}")
    imap.logout()


def refusal_comes_back(server):
    submit(server, f"From: {ANN}\r\nSubject: lost letter\r\n\r\nx\r\n", NOBODY)
    imap = server.imap(ANN)

    def reports():
        ok(imap.select("INBOX"))
        return ok(imap.search(None, "HEADER", "Auto-Submitted", "auto-replied"))[0].split()
    wait(reports, "no report came")
    octets = ok(imap.fetch(reports()[0].decode(), "(BODY.PEEK[])"))[0][1]
    structure = ok(imap.fetch(reports()[0].decode(), "(BODYSTRUCTURE)"))[0]
    status = ok(imap.fetch(reports()[0].decode(), "(BODY.PEEK[2])"))[0][1]
    expect(status.startswith(b"Reporting-MTA: dns; "), f"BODY[2]: {status}")
    imap.logout()
    expect(b'"report-type" "delivery-status"' in structure.lower(), f"BODYSTRUCTURE: {structure}")
    report = email.message_from_bytes(octets, policy=email.policy.default)
    expect(not report.defects, f"defects: {report.defects}")
    expect(report.get_content_type() == "multipart/report", report.get_content_type())
    parts = list(report.iter_parts())
    expect([part.get_content_type() for part in parts]
           == ["text/plain", "message/delivery-status", "text/rfc822-headers"],
           [part.get_content_type() for part in parts])
    fields = list(parts[1].get_payload()[1].items())
    expect(dict(fields).get("Final-Recipient") == f"rfc822; {NOBODY}", fields)
    expect(dict(fields).get("Action") == "failed", fields)
    expect(dict(fields).get("Status") == "5.1.1", fields)
    expect("there is no such user" in dict(fields).get("Diagnostic-Code", ""), fields)
    expect("lost letter" in parts[2].get_content(), "the header is not returned")


def waits_for_the_relay(server, relay, sink):
    relay.stop()
    submit(server, f"From: {ANN}\r\nSubject: patience\r\n\r\nx\r\n", FAR)
    wait(lambda: "4.4.1" in server.run("queue", "list"), "the attempt is not noted")
    number = server.run("queue", "list").split()[0]
    shown = server.run("queue", "show", number)
    expect(FAR in shown and "waiting" in shown, shown)
    relay.start()

    def comes():
        server.run("queue", "retry", "--all")
        time.sleep(1)
        return arrived(sink, "Subject: patience")
    wait(comes, lambda: f"it never came:\n{relay.log()}")
    wait(lambda: server.run("queue", "list") == "", "it stayed in the queue")
    expect(len(arrived(sink, "Subject: patience")) == 1, "it came twice")


def cancelled_is_not_sent(server, relay, sink):
    relay.stop()
    submit(server, f"From: {ANN}\r\nSubject: regret\r\n\r\nx\r\n", FAR)
    wait(lambda: "4.4.1" in server.run("queue", "list"), "the attempt is not noted")
    number = server.run("queue", "list").split()[0]
    server.run("queue", "cancel", number)
    expect(server.run("queue", "list") == "", "it is still there")
    server.run("queue", "show", number, codes=(1,))
    relay.start()
    time.sleep(1)
    expect(not arrived(sink, "Subject: regret"), "it was sent all the same")


def settings(relay, **more):
    values = {"host": "localhost", "port": relay.port, "tls": "required",
              "ca_file": os.path.join(relay.config, "cert.pem"), "user": "relayuser",
              "password": "relay secret", **more}
    return ["domains=example.org", *[f"relay.{key}={value}" for key, value in values.items()]]


def test():
    if os.geteuid() != 0:
        skip("Postfix starts as root only")
    for command in ("postfix", "dovecot", "openssl"):
        if not shutil.which(command):
            skip(f"{command} is not installed")
    sink = make_sink()
    relay = make_relay(sink)
    auth = None
    try:
        sink.start()
        relay.start()  # Makes the folder that the other's socket goes into.
        auth = DovecotAuth(relay.folder)
        with Server(engine="memory", settings=settings(relay)) as server:
            server.imap(BOB).logout()  # Makes the account.
            arrives_as_it_was_sent(server, sink)
            refusal_comes_back(server)
            waits_for_the_relay(server, relay, sink)
            cancelled_is_not_sent(server, relay, sink)
        # A certificate that nobody vouches for, and a wrong password: the mail waits.
        for wrong in ({"ca_file": ""}, {"password": "wrong"}):
            with Server(engine="memory", settings=settings(relay, **wrong)) as server:
                submit(server, f"From: {ANN}\r\nSubject: careful\r\n\r\nx\r\n", FAR)
                wait(lambda: "451 4." in server.run("queue", "list"), "nothing is noted")
        expect(not arrived(sink, "Subject: careful"), "it was sent where it must not be")
    finally:
        if auth:
            auth.stop()
        relay.remove()
        sink.remove()


if __name__ == "__main__":
    main(test)
