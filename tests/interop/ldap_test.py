#!/usr/bin/env python3
"""Users in OpenLDAP: StartTLS and ldaps, a service account, binding as the entry found, groups; one of two servers is
stopped, then both. Nobody is told that a password is wrong."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import people  # noqa: E402
from people import ANN, BAD, BOB, OFF, SECRET  # noqa: E402
from posthorn import Server, expect, main, ok, skip  # noqa: E402
from sink import free_port  # noqa: E402

SLAPD = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/lib/openldap")
SUFFIX = "dc=example,dc=org"
SERVICE = f"cn=posthorn,{SUFFIX}"
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCACertificateFile {certificate}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
disallow bind_anon
database mdb
maxsize 16777216
suffix "{suffix}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by * none
"""
ENTRY = """dn: {dn}
objectClass: inetOrgPerson
cn: {uid}
sn: {uid}
uid: {uid}
{mails}
employeeType: {state}
userPassword: {password}
{more}
"""


def entry(uid, mails, state="active", more=""):
    return ENTRY.format(dn=f"cn={uid}\\2C x,ou=people,{SUFFIX}", uid=f"{uid}, x", mails="\n".join(
        f"mail: {mail}" for mail in mails), state=state, password=SECRET, more=more).replace("\n\n", "\n") + "\n"


LDIF = "".join((
    f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example\n\n",
    f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people\n\n",
    f"dn: {SERVICE}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: posthorn\n"
    f"userPassword: service\n\n",
    entry("ann", [ANN], more=f"departmentNumber: staff\ncarLicense: {people.ALIAS}\nroomNumber: 1000000"),
    entry("bob", [BOB], more=f"departmentNumber: cn=Staff,ou=groups,{SUFFIX}\ndepartmentNumber: other"),
    entry("off", [OFF], state="inactive"),
    entry("bad", [BAD, "bad2@example.org"]),
    entry("odd", ["odd*(x)@example.org"]),
    # Hashes of "secret" where the service account may read them; some cannot be used.
    *(entry(uid, [f"{uid}@example.org"], more=f"description: {text}") for uid, text in (
        ("hash", "{SSHA}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje"),
        ("broken", "{SSHA}no-hash!"),
        ("slow", "{CRYPT}$2y$15$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO"),
        ("two", "{SSHA}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje\ndescription: {PLAIN}secret"))),
))


class Slapd:
    def __init__(self, folder, number, certificate, key):
        self.folder = os.path.join(folder, f"slapd{number}")
        os.makedirs(os.path.join(self.folder, "data"))
        config = os.path.join(self.folder, "slapd.conf")
        with open(config, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(folder=self.folder, suffix=SUFFIX, service=SERVICE, certificate=certificate, key=key))
        subprocess.run([SLAPD, "-T", "add", "-f", config], input=LDIF, text=True, check=True,
                       stdout=subprocess.DEVNULL)
        self.port, self.tls_port = free_port(), free_port()
        self.command = [SLAPD, "-f", config, "-d", "0",
                        "-h", f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/"]
        self.process = None

    def start(self):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not os.path.exists(os.path.join(self.folder, "pid")):
            expect(self.process.poll() is None and time.monotonic() < deadline, "slapd did not start")
            time.sleep(0.05)

    def set_state(self, uid, state):
        """Its storage may be written while it runs."""
        ldif = (f"dn: cn={uid}\\2C x,ou=people,{SUFFIX}\nchangetype: modify\nreplace: employeeType\n"
                f"employeeType: {state}\n")
        subprocess.run([SLAPD, "-T", "modify", "-f", os.path.join(self.folder, "slapd.conf")], input=ldif, text=True,
                       check=True, stdout=subprocess.DEVNULL, timeout=60)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None


def make_certificate(folder):
    key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    return certificate, key


def keys(*servers, **more):
    return {"servers": ",".join(servers), "bind_dn": SERVICE, "bind_password": "service",
            "base": f"ou=people,{SUFFIX}", "filter": "(&(objectClass=inetOrgPerson)(mail=%{name}))",
            "alias_filter": "(carLicense=%{name})", "enabled_attribute": "employeeType",
            "quota_attribute": "roomNumber", "groups_attribute": "departmentNumber", **more}


def posthorn(**settings):
    return Server(any_user=False, quiet=False, arguments=people.ARGUMENTS,
                  settings=people.settings("ldap", **settings))


def with_one_server(slapd, certificate):
    with posthorn(**keys(f"ldap://127.0.0.1:{slapd.port}", ca_file=certificate)) as server:
        people.works(server)
        people.receives(server)
        expect(f"cn=bad\\2C x,ou=people,{SUFFIX}: it has 2 values of mail" in server.log(), server.log())
        # Parts of a filter are only a name.
        expect(people.imap(server, "*@example.org") == "AUTHENTICATIONFAILED", "a star is a name")
        expect(people.imap(server, "ann@example.org)(cn=*") == "AUTHENTICATIONFAILED", "parens are a name")
        expect(people.imap(server, "odd*(x)@example.org") == "OK", "an odd name")
        ann = server.imap(ANN, SECRET)
        expect(" 976" in str(ok(ann.getquotaroot("INBOX"))), "the quota")
        ok(ann.create("Plans"))
        server.run("mailbox", "share", ANN, "Plans", "group:staff", "--rights", "lr")
        bob = server.imap(BOB, SECRET)
        expect(any(b"Plans" in line for line in ok(bob.list())), f"{bob.list()}")
        people.is_disabled_at_once(server, lambda: slapd.set_state("ann", "inactive"),
                                   lambda: slapd.set_state("ann", "active"))
        slapd.stop()
        people.fails_temporarily(server)
        slapd.start()
        people.comes_back(server)
        people.works(server)


def with_two_servers(first, second, certificate):
    with posthorn(**keys(f"ldaps://127.0.0.1:{first.tls_port}", f"ldaps://127.0.0.1:{second.tls_port}",
                         ca_file=certificate)) as server:
        people.works(server)
        first.stop()
        people.works(server)
        second.stop()
        people.fails_temporarily(server)
        first.start()
        people.comes_back(server)
        people.works(server)
        second.start()


def what_must_not_work(slapd, certificate):
    # A certificate that nobody vouches for, or one of another name, and a service account with a wrong password.
    uri = f"ldap://127.0.0.1:{slapd.port}"
    for what in (keys(uri), keys(f"ldaps://localhost:{slapd.tls_port}", ca_file=certificate),
                 keys(uri, ca_file=certificate, bind_password="wrong")):
        with posthorn(**what) as server:
            expect(people.imap(server, ANN) == "UNAVAILABLE", f"{what}")
            expect("directory work: " in server.log(), server.log())
            expect("service" not in server.log().replace("service account", ""), server.log())
    # Hashes that the service account may read are checked here; this one may not.
    with posthorn(**keys(uri, ca_file=certificate, password_attribute="userPassword")) as server:
        expect(people.imap(server, ANN) == "AUTHENTICATIONFAILED", "a password that cannot be read is none")


def with_hashes(slapd, certificate):
    """Passwords that are checked here. One that cannot be is a failure for its user only."""
    with posthorn(**keys(f"ldap://127.0.0.1:{slapd.port}", ca_file=certificate,
                         password_attribute="description")) as server:
        expect(people.imap(server, "hash@example.org", "secret") == "OK", "a hash")
        expect(people.imap(server, "hash@example.org", SECRET) == "AUTHENTICATIONFAILED", "the password of the entry")
        expect(people.imap(server, ANN) == "AUTHENTICATIONFAILED", "nobody is without a password")
        for uid, why in (("broken", "the SSHA hash is malformed"),
                         ("slow", "the BLF-CRYPT hash has cost 15; at most 14 is accepted"),
                         ("two", "it has 2 values of description, and one is expected")):
            expect(people.imap(server, f"{uid}@example.org", "secret") == "UNAVAILABLE", f"{uid}: a bad hash")
            expect(people.lmtp(server, f"{uid}@example.org") == 451, f"{uid}: mail is not refused for good")
            expect(f"cn={uid}\\2C x,ou=people,{SUFFIX}: {why}" in server.log(), server.log())
        expect(people.imap(server, "hash@example.org", "secret") == "OK", "others are served")
        for secret in ("USK0Dx8", "no-hash", "tWgebc"):
            expect(secret not in server.log(), "a hash is in the log")


def test():
    if SLAPD is None:
        skip("slapd is not installed")
    with tempfile.TemporaryDirectory(prefix="posthorn-ldap-") as folder:
        certificate, key = make_certificate(folder)
        servers = [Slapd(folder, i, certificate, key) for i in range(2)]
        try:
            for slapd in servers:
                slapd.start()
            with_one_server(servers[0], certificate)
            with_hashes(servers[0], certificate)
            with_two_servers(*servers, certificate)
            what_must_not_work(servers[0], certificate)
        finally:
            for slapd in servers:
                slapd.stop()


if __name__ == "__main__":
    main(test)
