#!/usr/bin/env python3
"""Python's poplib against the server: every command, TLS both ways, and an IMAP session beside it."""

import os
import poplib
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, ok  # noqa: E402

USER = "pop@example.org"


def message(name, lines=3):
    return (f"Subject: {name}\r\nMessage-ID: <{name}@test>\r\n\r\n" +
            f".{name} with a dot\r\n" * lines).encode()


def text(lines):
    return b"".join(line + b"\r\n" for line in lines)


def insecure():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def every_command(server, imap):
    sent = [message(f"m{n}", n * 200) for n in range(1, 6)] + [b"Subject: bare\n\nline\n.\nlast"]
    for octets in sent:
        ok(imap.append("INBOX", None, None, octets))
    sent[-1] = b"Subject: bare\r\n\r\nline\r\n.\r\nlast\r\n"
    pop = server.pop3(USER)
    expect("UIDL" in pop.capa() and "TOP" in pop.capa(), f"CAPA: {pop.capa()}")
    expect(pop.stat() == (6, sum(map(len, sent))), f"STAT: {pop.stat()}")
    listed = [tuple(map(int, line.split())) for line in pop.list()[1]]
    expect(listed == [(n, len(octets)) for n, octets in enumerate(sent, 1)], f"LIST: {listed}")
    for n, octets in enumerate(sent, 1):
        expect(text(pop.retr(n)[1]) == octets, f"RETR {n} is not what was stored")
    expect(text(pop.top(5, 1)[1]) == message("m5", 1), "TOP 5 1")
    ids = [line.split()[1] for line in pop.uidl()[1]]
    expect(len(set(ids)) == 6, f"UIDL: {ids}")
    pop.dele(1)
    expect(pop.stat()[0] == 5, "DELE does not count")
    pop.rset()
    expect(pop.stat()[0] == 6, "RSET does not count")
    pop.dele(2)
    pop.quit()
    pop = server.pop3(USER)
    expect([line.split()[1] for line in pop.uidl()[1]] == ids[:1] + ids[2:], "the ids have moved")
    pop.quit()


def under_tls(server):
    pop = poplib.POP3("127.0.0.1", server.pop3_port, timeout=60)
    pop.stls(insecure())
    pop.user(USER)
    pop.pass_(PASSWORD)
    expect(pop.stat()[0] == 5, "STLS")
    pop.quit()
    pop = poplib.POP3_SSL("127.0.0.1", server.pop3s_port, context=insecure(), timeout=60)
    pop.user(USER)
    pop.pass_(PASSWORD)
    expect(pop.stat()[0] == 5, "POP3 under TLS")
    pop.quit()


def refused(server):
    try:
        server.pop3(USER, "wrong")
    except poplib.error_proto as e:
        expect(b"[AUTH]" in e.args[0], f"a wrong password: {e}")
    else:
        expect(False, "a wrong password was taken")


def many_at_once(server):
    """Sixteen sessions fetch everything at the same time."""
    faults = []

    def fetch():
        try:
            pop = server.pop3(USER)
            for n in range(1, pop.stat()[0] + 1):
                pop.retr(n)
            pop.quit()
        except (OSError, poplib.error_proto) as e:
            faults.append(e)

    threads = [threading.Thread(target=fetch) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not faults, f"of sixteen sessions: {faults}")


def ends_in_order(server):
    """A server that stops says so and deletes nothing."""
    pop = server.pop3(USER)
    pop.dele(1)
    server.process.terminate()
    line = pop.file.readline()
    expect(line.startswith(b"-ERR [SYS/TEMP]"), f"at the end it said {line}")
    expect(pop.file.readline() == b"", "the connection stays")
    pop.close()
    server.process.wait(60)  # A second signal would end it at once.
    server.stop()
    server.start()
    pop = server.pop3(USER)
    expect(pop.stat()[0] == 5, "what was marked is gone without QUIT")
    pop.quit()


def test():
    with Server() as server:
        imap = server.imap(USER)
        every_command(server, imap)
        under_tls(server)
        refused(server)
        many_at_once(server)
        imap.logout()
        ends_in_order(server)
        server.check()


if __name__ == "__main__":
    main(test)
