#!/usr/bin/env python3
"""Kills the server while mail arrives, search filters are made and merged and attachments are read, again and again.
Afterwards searches find exactly what was acknowledged, `posthorn check --deep` finds nothing (it compares
every filter with the texts), and in the end the text of every attachment is found too.

POSTHORN_CRASH_ROUNDS (5) and POSTHORN_CRASH_SECONDS (3, of each round) say how long."""

import imaplib
import os
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, ok  # noqa: E402

ROUNDS = int(os.environ.get("POSTHORN_CRASH_ROUNDS", "5"))
SECONDS = float(os.environ.get("POSTHORN_CRASH_SECONDS", "3"))
USER = "reader@example.org"
TOGETHER = 100  # Messages of one APPEND: all of them arrive, or none.
PENDING = 6  # The last batches of all, whose messages may not be packed, and so their documents not read.
DOCUMENTS = 1  # Of them, those with a document that has a word of its own; reading one takes a process.
LOST = (OSError, EOFError, imaplib.IMAP4.abort)


class Mail:
    """What was sent: batch n has the word of its number in each message, and another in each document."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.sent = 0
        self.acknowledged = set()

    @staticmethod
    def word(batch):
        return f"batch{batch:05}word"

    @staticmethod
    def document_word(batch):
        return f"paper{batch:05}word"

    def message(self, batch, has_document):
        filler = " ".join(f"w{self.random.randrange(10**6)}" for _ in range(self.random.randrange(200)))
        lines = "\r\n".join(filler[i:i + 70] for i in range(0, len(filler), 70))
        header = f"Subject: filler\r\nX-Batch: {batch}\r\n"
        body = f"\r\n{lines}\r\n{self.word(batch)}\r\n"
        if has_document:
            header += "Content-Type: multipart/mixed; boundary=bb\r\n"
            body = (f"\r\n--bb\r\n{body}--bb\r\nContent-Type: application/rtf\r\n\r\n"
                    f"{{\\rtf1\\ansi paper\\b {self.document_word(batch)[5:]}}}\r\n--bb--\r\n")
        return (header + body).encode()

    def append(self, imap):
        batch, self.sent = self.sent, self.sent + 1
        command = b"APPEND INBOX"
        for n in range(TOGETHER):
            octets = self.message(batch, n < DOCUMENTS)
            command += b" {%d+}\r\n" % len(octets) + octets
        imap.send(b"B%d " % batch + command + b"\r\n")
        while True:
            line = imap.readline()
            if not line:
                raise EOFError
            if line.startswith(b"B%d " % batch):
                expect(b" OK" in line, f"APPEND failed: {line}")
                break
        self.acknowledged.add(batch)

    def write(self, server, dying):
        try:
            imap = server.imap(USER)
            while True:
                self.append(imap)
        except LOST:
            expect(dying.is_set(), "the connection broke before its time")

    def judge(self, server):
        imap = server.imap(USER)
        ok(imap.select("INBOX"))
        # Those at the ends are what the last steps were about.
        chosen = {n for n in range(self.sent) if n < 3 or n >= self.sent - 12}
        chosen |= set(self.random.sample(range(self.sent), min(self.sent, 10)))
        for batch in chosen:
            for key in [("BODY", self.word(batch)[2:-1]), ("TEXT", self.word(batch).upper())]:
                found = len(ok(imap.search(None, *key))[0].split())
                if batch in self.acknowledged:
                    expect(found == TOGETHER, f"{key}: {found} messages of {TOGETHER}")
                else:
                    expect(found in (0, TOGETHER), f"{key}: {found} messages of a batch")
            papers = len(ok(imap.search(None, "BODY", self.document_word(batch)))[0].split())
            expect(papers <= DOCUMENTS, f"{papers} messages with a word of {DOCUMENTS} documents")
        expect(not ok(imap.search(None, "BODY", "nowherenowhere"))[0], "a word is found that is nowhere")
        imap.logout()

    def judge_documents(self, server):
        """Documents are found when they have been read, which is some time after their arrival."""
        imap = server.imap(USER)
        ok(imap.select("INBOX"))
        deadline = time.monotonic() + 120
        for batch in sorted(self.acknowledged)[:-PENDING]:
            while True:
                found = len(ok(imap.search(None, "BODY", self.document_word(batch)))[0].split())
                if found == DOCUMENTS or time.monotonic() > deadline:
                    break
                time.sleep(0.2)
            expect(found == DOCUMENTS, f"batch {batch}: {found} documents of {DOCUMENTS} are found")
        imap.logout()


def test():
    seed = int(os.environ.get("POSTHORN_SEED", str(random.randrange(1 << 30))))
    print(f"POSTHORN_SEED={seed}")
    mail = Mail(seed)
    with tempfile.TemporaryDirectory(prefix="posthorn-crash-") as folder:
        with Server(folder=os.path.join(folder, "data"), settings=["search.attachments=true"]) as server:
            imap = server.imap(USER)
            while mail.sent * TOGETHER < 900:  # From the next batches on, there is something to filter.
                mail.append(imap)
            for n in range(ROUNDS):
                dying = threading.Event()
                writer = threading.Thread(target=mail.write, args=(server, dying))
                writer.start()
                time.sleep(SECONDS * mail.random.uniform(0.3, 1.0))
                dying.set()
                server.kill()
                writer.join()
                server.start()
                mail.judge(server)
                server.check()
                print(f"round {n + 1}: {len(mail.acknowledged) * TOGETHER} messages acknowledged and there",
                      flush=True)
            mail.judge_documents(server)
            server.check()


if __name__ == "__main__":
    main(test)
