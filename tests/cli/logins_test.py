#!/usr/bin/env python3
"""logins_test.py [PART...]: how people log in: passwords brought from another server as they are, app passwords, and acting as others."""

import base64
import imaplib
import os
import poplib
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok, program, trusting  # noqa: E402
from scram import Scram  # noqa: E402

SETTINGS = ["auth.allow_plaintext_without_tls=loopback"]

# Hashes of PASSWORD. Where doveadm is installed, it makes further ones.
HASHES = {
    "sha512crypt": "{SHA512-CRYPT}$6$YXMJDmZUj8pgxBhb$/mA9mheyw2Mt832owy46T3wJTbuQG46z65wWKcK1N5YC4hrAWsFuw8Ad3Nbxlpe"
                   "RBfpyvzXohq203WlramfV..",
    "sha256crypt": "$5$gW4xfNDjlIQ5iVFm$BGRAMPtU.QytbKN9oHqkwO9sptUa/6GUf851zUF7721",
    "blf": "{BLF-CRYPT}$2y$05$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO",
    "yescrypt": "{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0",
    "md5crypt": "{MD5-CRYPT}$1$QNNGkG6c$N9HyiEsVZghU0eLfn2Kyl/",
    "argon2i": "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$XtJpeO/acqsps3R/x+uYmg$2w6DVbcURMj8e6XFk0+6wYvqfI7jh3tJwmQLg"
               "0g6RBY",
    "argon2id": "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$+NcxgeKDe6kLZimJFuKhhw$CZQB+c2S6GWdDo75naobRFi+QFQa+rPQPb"
                "vZolGRHaw",
    "pbkdf2": "{PBKDF2}$1$Jv584dI/cWZjxl3N$5000$e6228872f666aea0b48ad8c1f597a189c440a9f2",
    "ssha": "{SSHA}USK0Dx8VBSzeC/xlkqq9EhinnW7r2eje",
    "ssha256": "{SSHA256.HEX}defa5d675751f715056e841e3f99341c34c2e662f20bbb00cb454ff14224809377bc63b2",
    "ssha512": "{SSHA512}0UiGn8Md9f9oS3D4zTQAieQ+XSHzSWEzhXC+8MDCLNkxFtXtDNfVAaM7Hp7iMdhgz6PcMRL483zje8+iQqYYb1VFEY4=",
    "sha": "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
    "smd5": "{SMD5}CGPULL8Emp33j2g7jLTTvQ/CJ38=",
    "plainmd5": "{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69",
    "plain": "{PLAIN}secret",
    "scram": "{SCRAM-SHA-256}4096,VBr22/nFn7Qf2QV+MaWqkg==,UR1ncJJq3nwlbVKegUkpqQaBUnH6VF9asiVyDToSf1o=,DIzkKaplDxSjPv"
             "AwWYy9kC6JZBB3KgsrDStC1U7Nor4=",
}
MADE_BY_DOVEADM = ("SHA512-CRYPT", "SHA256-CRYPT", "BLF-CRYPT", "MD5-CRYPT", "ARGON2I", "ARGON2ID", "PBKDF2", "SSHA",
                   "SSHA256", "SSHA512", "SHA", "SHA256", "SHA512", "SMD5", "PLAIN-MD5", "LDAP-MD5", "CLEARTEXT",
                   "CRYPT", "SCRAM-SHA-256", "SHA256.HEX", "SSHA512.b64")


def hashes():
    found = dict(HASHES)
    if shutil.which("doveadm"):
        for scheme in MADE_BY_DOVEADM:
            made = subprocess.run(["doveadm", "pw", "-s", scheme, "-p", PASSWORD], check=True, capture_output=True,
                                  text=True, timeout=60)
            found["dovecot-" + scheme.lower()] = made.stdout.strip()
    return found


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def run(server, *arguments, code=0):
    """A command's standard output and standard error."""
    done = subprocess.run([program(), "--data-dir", server.folder, *arguments], check=False, capture_output=True,
                          text=True, timeout=600, stdin=subprocess.DEVNULL)
    expect(done.returncode == code, f"{arguments}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def offers_scram(server):
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
    offered = "AUTH=SCRAM-SHA-256" in client.capabilities
    client.logout()
    return offered


def scram(server, user):
    """Whether the user gets in by SCRAM."""
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
    exchange = Scram(user)
    steps = []

    def answer(challenge):
        steps.append(challenge)
        first = [exchange.first, lambda: exchange.final(base64.b64encode(challenge).decode()), lambda: ""]
        return base64.b64decode(first[len(steps) - 1]())
    try:
        client.authenticate("SCRAM-SHA-256", answer)
    except imaplib.IMAP4.error:
        return False
    client.logout()
    return True


def refused(log_in, *arguments):
    try:
        log_in(*arguments)
    except (imaplib.IMAP4.error, poplib.error_proto, smtplib.SMTPAuthenticationError):
        return True
    return False


def passwords_as_they_are(folder):
    data = os.path.join(folder, "data")
    users = {f"{name}@example.org": text for name, text in hashes().items()}
    passwd = write(folder, "users", "# name:password:uid:gid:gecos:home:shell:extra\n" + "".join(
        f"{name}:{text}:1000:1000::/home/x::userdb_quota_rule=*:storage=1M allow_nets=10.0.0.0/8\n"
        for name, text in users.items()))
    with Server(folder=data, settings=SETTINGS + ["auth.upgrade_hashes=false"], any_user=False) as server:
        out, notes = run(server, "account", "import", passwd, "--dry-run")
        expect(len(out.splitlines()) == len(users) and "nothing was changed" in notes, f"{out}{notes}")
        expect("ssha@" not in run(server, "account", "list")[0], "a dry run changed something")
        expect(offers_scram(server), "SCRAM is not offered while everybody has keys")
        out, notes = run(server, "account", "import", passwd)
        expect(f"{len(users)} created" in notes and "'allow_nets' is not imported" in notes, notes)
        expect(not offers_scram(server), "SCRAM is offered, and most have no keys")
        listed = run(server, "account", "list", "--json")[0]
        expect('"max_bytes":1048576' in listed and '"scheme":"BLF-CRYPT"' in listed, listed)
        expect("blf@example.org" in run(server, "account", "list")[0], "not listed")
        expect("no SCRAM keys (BLF-CRYPT)" in run(server, "account", "list")[0], "not said who lacks keys")
        for user in users:
            server.imap(user).logout()
            server.pop3(user).quit()
            server.submission(user).quit()
        for user in users:
            expect(refused(server.imap, user, PASSWORD + "x"), f"{user}: any password will do")
        expect("no SCRAM keys (BLF-CRYPT)" in run(server, "account", "list")[0], "a hash was replaced")
        run(server, "account", "import", passwd, code=3)
    with Server(folder=data, settings=SETTINGS, any_user=False) as server:
        expect(not offers_scram(server), "SCRAM is offered after a start, and most have no keys")
        for user in users:
            client = server.imap(user)
            client.logout()
        expect("no SCRAM keys" not in run(server, "account", "list")[0], "hashes were not replaced")
        expect(offers_scram(server), "SCRAM is not offered, and everybody has keys")
        for user in users:
            expect(scram(server, user), f"{user} cannot use SCRAM")
            server.pop3(user).quit()
            server.submission(user).quit()
        server.check()


def files_of_all_kinds(folder):
    crypt, md5 = HASHES["sha512crypt"].split("}")[1], HASHES["plainmd5"]
    packed = base64.b64encode(HASHES["ssha"].encode()).decode()
    shadow = write(folder, "shadow", f"root:*:1::::::\nada:{crypt}:19000:0:99999:7:::\nben:!{crypt}:1::::::\n")
    ldif = write(folder, "people.ldif", f"""dn: dc=example,dc=org
objectClass: domain

dn: uid=cat,dc=example,dc=org
uid: cat
mail: cat@exam
 ple.org
userPassword:: {packed}

dn: uid=dan,dc=example,dc=org
mail: dan@example.org
mail: daniel@example.org
userPassword: {HASHES["ssha"]}

dn: uid=eva,dc=example,dc=org
uid: eva
userPassword: {PASSWORD}
""")
    csv = write(folder, "people.csv", f"""email,hash,quota,colour
fay@example.org,"{md5}",5M,red
gus@example.org,{{BLF-CRYPT}}$2y$17$tWgebcrrScK7hZu4GizuG.a1kjrm6djnRiIzZalnuoE6Vkv7uvYEO,,
hal@example.org,{{CRAM-MD5}}9186d855e11eba527a7a52ca82b313e180d62234f0acc9051b527243d41e2740,,
""")
    json = write(folder, "people.json", f"""[{{"name": "ivy@example.org", "password": "{md5}", "quota": 1000}}]""")
    with Server(engine="rocksdb", settings=SETTINGS, any_user=False) as server:
        _, notes = run(server, "account", "import", shadow, "--domain", "example.org", code=3)
        expect("ben@example.org: its password is locked" in notes and "1 without a password" in notes, notes)
        _, notes = run(server, "account", "import", ldif, "--domain", "example.org", code=3)
        expect("dan@example.org: it has several attributes mail" in notes and "2 created" in notes, notes)
        _, notes = run(server, "account", "import", csv, code=3)
        expect("entry 3, gus@example.org: the BLF-CRYPT hash has cost 17; at most 14 is accepted" in notes, notes)
        expect("hal@example.org: the scheme CRAM-MD5 is not supported" in notes, notes)
        expect("'colour' is not imported" in notes and "$2y$" not in notes, notes)
        run(server, "account", "import", json)
        for name in ("ada", "cat", "eva", "fay", "ivy"):
            server.imap(f"{name}@example.org").logout()
        again = write(folder, "again.json", '{"name": "ivy@example.org", "password": "{PLAIN}other"}\n')
        run(server, "account", "import", again, code=3)
        run(server, "account", "import", again, "--update")
        expect(refused(server.imap, "ivy@example.org"), "the old password is good still")
        server.imap("ivy@example.org", "other").logout()


def bounded_cost(folder):
    """What verifying a hash costs has limits, one for each kind of cost, and the message says which was exceeded."""
    costs = {"sha512crypt": "5000 iterations", "sha256crypt": "5000 iterations", "pbkdf2": "5000 iterations",
             "scram": "4096 iterations", "blf": "cost 5", "argon2i": "33554432 octets of memory",
             "argon2id": "67108864 octets of memory", "yescrypt": "16777216 octets of memory"}
    users = write(folder, "users", "".join(f"{name}@example.org:{HASHES[name]}\n" for name in costs))
    # In the order of: iterations, bcrypt's cost, memory.
    keys = [f"auth.import.max_{name}" for name in ("iterations", "bcrypt_cost", "memory")]

    def limits(*values):
        return [f"{key}={value}" for key, value in zip(keys, values)]
    for below, refused_names in ((limits(4095, 5, 67108864), ("sha512crypt", "sha256crypt", "pbkdf2", "scram")),
                                 (limits(5000, 4, 67108864), ("blf",)),
                                 (limits(5000, 5, 16777215), ("argon2i", "argon2id", "yescrypt")),
                                 (limits(5000, 5, 33554432), ("argon2id",))):
        with Server(settings=SETTINGS + below, any_user=False) as server:
            _, notes = run(server, "account", "import", users, code=3)
            complaints = [line for line in notes.splitlines() if "at most" in line]
            expect(len(complaints) == len(refused_names), notes)
            for name in refused_names:
                expect(any(f"{name}@example.org: the " in line and f" {costs[name]}; at most " in line
                           for line in complaints), f"{name}: {notes}")
                expect(refused(server.imap, f"{name}@example.org"), f"{name} was imported with {below}")
            expect(f"{len(costs) - len(refused_names)} created" in notes, notes)
    with Server(settings=SETTINGS + limits(5000, 5, 67108864), any_user=False) as server:
        run(server, "account", "import", users)
        for name in costs:
            server.imap(f"{name}@example.org").logout()
    # Argon2 may also take long with little memory; and what a narrow column has cut off is no password of anybody.
    odd = write(folder, "odd", "passes@example.org:$argon2id$v=19$m=4096,t=17,p=1$c2FsdHNhbHQ$aGFzaGhhc2g\n"
                               f"short@example.org:{HASHES['sha512crypt'][:64]}\n")
    with Server(settings=SETTINGS, any_user=False) as server:
        _, notes = run(server, "account", "import", odd, code=3)
        expect("passes@example.org: the ARGON2ID hash has 17 passes over the memory; at most 16" in notes, notes)
        expect("short@example.org: the SHA512-CRYPT hash is incomplete" in notes and "$6$" not in notes, notes)


def ends(client):
    """Waits until the server ends the session."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            client.noop()
        except (imaplib.IMAP4.abort, imaplib.IMAP4.error, OSError):
            return True
        time.sleep(0.05)
    return False


def app_passwords(_folder):
    ada = "ada@example.org"
    with Server(settings=SETTINGS) as server:
        server.imap(ada).logout()
        new = ["account", "app-password", "add", ada]
        phone = run(server, *new, "phone")[0].strip()
        scanner = run(server, *new, "scanner", "--protocol", "submission", "--from", "127.0.0.0/8",
                      "--expires", "1d")[0].strip()
        abroad = run(server, *new, "abroad", "--from", "192.0.2.0/24")[0].strip()
        run(server, *new, "phone", code=1)
        run(server, *new, "x", "--protocol", "smtp", code=1)
        run(server, *new, "x", "--from", "everywhere", code=1)
        expect(len({phone, scanner, abroad}) == 3 and len(phone) == 31, f"{phone} {scanner}")
        main_session, session = server.imap(ada), server.imap(ada, phone)
        server.pop3(ada, phone.upper().replace("-", " ")).quit()
        server.submission(ada, scanner).quit()
        for password in (scanner, abroad, phone[:-1]):
            expect(refused(server.imap, ada, password), f"{password} is good for IMAP")
        expect(refused(server.imap, "ben@example.org", phone), "it is good for somebody else")
        listed = run(server, "account", "app-password", "list", ada)[0]
        expect("phone" in listed and "from 127.0.0.0/8" in listed and "never used" in listed and phone not in listed,
               listed)
        expect(" used 20" in listed.splitlines()[0], listed)
        for secret in (phone, scanner, abroad):
            expect(secret not in server.log(), "a password is in the log")
        # What goes on with another password stays.
        run(server, "account", "app-password", "remove", ada, "phone")
        expect(ends(session), "the session of a removed app password goes on")
        ok(main_session.noop())
        expect(refused(server.imap, ada, phone), "a removed app password is good")
        expect(offers_scram(server), "SCRAM is not offered")
        run(server, "account", "set", ada, "--main-password", "nowhere")
        expect(ends(main_session), "a session with the main password goes on")
        expect(refused(server.imap, ada) and refused(server.submission, ada, PASSWORD), "the main password is good")
        expect(not offers_scram(server), "SCRAM is offered to somebody who cannot use it")
        server.submission(ada, scanner).quit()
        tablet = server.imap(ada, run(server, *new, "tablet")[0].strip())
        run(server, "account", "disable", ada)
        expect(refused(server.submission, ada, scanner), "a disabled account's app password is good")
        expect(ends(tablet), "a session with a disabled account's app password goes on")
        run(server, "account", "enable", ada)
        run(server, "account", "set", ada, "--main-password", "everywhere")
        server.imap(ada).logout()
        server.kill()
        server.start()
        server.submission(ada, scanner).quit()
        server.check()


def imap_as(server, user, master, password=PASSWORD):
    client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
    client.login(f'"{user}*{master}"', password)
    return client


def acting_as_others(folder):
    boss, ada, eve = "boss@example.org", "ada@example.org", "eve@example.net"
    with Server(settings=SETTINGS, any_user=False) as server:
        secret = write(folder, "secret", PASSWORD + "\n")
        for user in (boss, ada, eve):
            run(server, "account", "add", user, "--password-file", secret)
        expect(refused(imap_as, server, ada, boss), "everybody may act as others")
        run(server, "account", "act-as", "add", boss, "example.org", "--expires", "1d")
        expect("example.org expires 20" in run(server, "account", "act-as", "list", boss)[0], "not listed")
        box = server.imap(ada)
        ok(box.create("Hers-alone"))
        box.logout()
        session = imap_as(server, ada, boss)
        expect(b"Hers-alone" in b"".join(ok(session.list())), "not her mailboxes")
        server.pop3(f"{ada}*{boss}").quit()
        client = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
        client.authenticate("PLAIN", lambda _: f"{ada}\0{boss}\0{PASSWORD}".encode())
        client.logout()
        client = smtplib.SMTP("127.0.0.1", server.submission_port, timeout=60)
        client.starttls(context=trusting())
        client.login(f"{ada}*{boss}", PASSWORD)
        client.mail(ada)
        client.quit()
        expect(refused(imap_as, server, eve, boss), "another domain")
        expect(refused(imap_as, server, ada, boss, "wrong"), "with a wrong password")
        expect(refused(imap_as, server, boss, ada), "the other way round")
        run(server, "account", "act-as", "remove", boss, "example.org")
        expect(ends(session), "the session goes on without the permission")
        expect(refused(imap_as, server, ada, boss), "a withdrawn permission is good")
        run(server, "account", "act-as", "add", boss, "*")
        session = imap_as(server, eve, boss)
        run(server, "account", "disable", boss)
        expect(ends(session), "the session of a disabled master goes on")
        with open(server.log_path, encoding="utf-8") as log:
            expect(f'master="{boss}"' in log.read(), "it was not logged")


def test():
    folder = tempfile.mkdtemp(prefix="posthorn-logins-")
    try:
        for which in (passwords_as_they_are, files_of_all_kinds, bounded_cost, app_passwords, acting_as_others):
            if sys.argv[1:] and which.__name__ not in sys.argv[1:]:
                continue
            place = os.path.join(folder, which.__name__)
            os.makedirs(place)
            which(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main(test)
