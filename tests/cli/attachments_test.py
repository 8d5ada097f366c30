#!/usr/bin/env python3
"""The text of attachments: found by SEARCH where search.attachments is on, by the real program that reads them, and not
where it is off; hostile documents cost their own text and nothing else."""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, need, ok, program  # noqa: E402

USER = "ada@demo.example"
COUNT = 800  # More than are packed at once.


def zipped(**files):
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".xml", text)
    return octets.getvalue()


def docx(text):
    return zipped(word__document=f'<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>'
                                 '</w:document>')


def xlsx(text):
    return zipped(xl__sharedStrings=f"<sst><si><t>{text}</t></si></sst>",
                  xl__worksheets__sheet1='<worksheet><c t="s"><v>0</v></c></worksheet>')


def pptx(text):
    return zipped(ppt__slides__slide1=f'<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:t>{text}</a:t></a:p></p:sld>')


def odf(text):
    return zipped(content=f'<o:c xmlns:o="o" xmlns:text="t"><text:p>{text}</text:p></o:c>')


def rtf(text):
    escaped = "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text)
    return ("{\\rtf1\\ansi " + escaped + "}").encode()


def pdf(text):
    drawing = b"BT /F1 12 Tf 72 720 Td (" + text.encode("cp1252") + b") Tj ET"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"]
    out, places = b"%PDF-1.4\n", []
    for number, octets in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, octets)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def part(octets, kind="application/octet-stream"):
    encoded = base64.encodebytes(octets).decode()
    return f"--bb\nContent-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{encoded}\n"


def multipart(*parts):
    return "Content-Type: multipart/mixed; boundary=bb\n\n--bb\n\nPlease find it attached.\n" + "".join(parts) + "--bb--\n"


# What is looked for, and the message that has it.
DOCUMENTS = {
    "docx": ("Quittung Wörterbuch", multipart(part(docx("Die Quittung\n   Wörterbuch")))),
    "xlsx": ("Nebenkosten", multipart(part(xlsx("Nebenkosten 2026")))),
    "pptx": ("Meilenstein", multipart(part(pptx("der Meilenstein")))),
    "odt": ("Protokollführer", multipart(part(odf("Protokollführer")))),
    "ods": ("Zeilensumme", multipart(part(odf("Zeilensumme"), "application/vnd.oasis.opendocument.spreadsheet"))),
    "rtf": ("ПРИВЕТ", multipart(part(rtf("привет миру")))),
    "text/rtf": ("Lesezeichen", "Content-Type: text/rtf\n\n" + rtf("\\b Lese\\b0 zeichen").decode()),
    "pdf": ("Rechnung über", multipart(part(pdf("Rechnung über 100 Euro")))),
    "nested": ("Drachenboot", multipart("--bb\nContent-Type: message/rfc822\n\nSubject: inner\n"
                                        "Content-Type: multipart/mixed; boundary=cc\n\n" +
                                        part(docx("Drachenboot")).replace("--bb", "--cc") + "--cc--\n")),
}

HOSTILE = {
    "zip bomb": multipart(part(zipped(word__document="<d><t>" + "x" * 100_000_000))),
    "entities": multipart(part(zipped(word__document="<!DOCTYPE d [<!ENTITY a '" + "a" * 1000 + "'>" + "".join(
        f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 100}'>" for i in range(8)) + "]><d><t>&i;</t></d>"))),
    "external": multipart(part(zipped(
        content='<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]><d><p>&f;</p></d>'))),
    "deep": multipart(part(zipped(content="<p>" * 1_000_000))),
    "groups": multipart(part(b"{\\rtf1" + b"{" * 1_000_000)),
    "cut": multipart(part(docx("cut off" * 1000)[:300])),
    "pdf": multipart(part(b"%PDF-1.7\n" + b"1 0 obj<</Kids[1 0 R]/Type/Pages>>endobj\n" * 10_000)),
    "empty": multipart(part(b"PK\x03\x04"), part(b"%PDF-"), part(b"{\\rtf")),
}


def run(*arguments, code=0):
    done = subprocess.run([program(), *arguments], check=False, capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)
    expect(done.returncode == code,
           f"posthorn {' '.join(arguments)}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def status(server):
    return json.loads(run("--data-dir", server.folder, "index", "status", USER, "--json"))


def wait_until_complete(server, attachments):
    deadline = time.monotonic() + 120
    while not ((said := status(server))["complete"] and said["covered"] > 0):
        expect(time.monotonic() < deadline, f"work is left: {said}\n{server.log()}")
        time.sleep(0.1)
    expect(said["attachments"] == attachments and said["covered"] == said["groups"], said)
    expect(said["extracted"] == (said["groups"] if attachments else 0), said)


def find(client, key, text):
    client.literal = text.encode()
    return [int(uid) for uid in ok(client.uid("SEARCH", "CHARSET", "UTF-8", key))[0].split()]


def write_mbox(folder):
    path = os.path.join(folder, "mail.mbox")
    messages = [message for _, message in DOCUMENTS.values()] + list(HOSTILE.values())
    messages += [f"\nThe word of this one is w{n:04}w.\n" for n in range(COUNT)]
    with open(path, "w", encoding="utf-8") as file:
        for n, message in enumerate(messages):
            file.write(f"From sender@example.com Mon Nov 30 10:00:00 2026\nSubject: number {n}\n"
                       f"Message-ID: <{n}@example.com>\n{message}\n\n")
    return path


def expect_found(server, found):
    with server.imap(USER) as client:
        ok(client.select("Filed"))
        for uid, (kind, (text, _)) in enumerate(DOCUMENTS.items(), 1):
            for key in ("BODY", "TEXT"):
                expect(find(client, key, text) == ([uid] if found else []),
                       f"{kind}: {key} {text} found {find(client, key, text)}\n{server.log()}")
        expect(find(client, "SUBJECT", "Nebenkosten") == [], "a subject is no attachment")
        expect(find(client, "BODY", "root:x:0") == [], "the text of a file of the server")
        first = len(DOCUMENTS) + len(HOSTILE) + 1
        for n in (0, 77, 500, COUNT - 1):
            expect(find(client, "BODY", f"w{n:04}w") == [first + n], f"the text of message {n}")


def check(folder):
    data = os.path.join(folder, "data")
    on = ["search.attachments=true"]
    server = Server(folder=data)
    try:
        server.imap(USER).logout()  # Which makes the account.
        run("--data-dir", data, "import", USER, write_mbox(folder), "--format", "mbox", "--mailbox", "Filed")
        wait_until_complete(server, attachments=False)
        expect_found(server, found=False)
        server.stop()
        # Switched on for mail that is there, off again, and on again.
        server = Server(folder=data, settings=on)
        # It begins with the first search.
        with server.imap(USER) as client:
            ok(client.select("Filed"))
            expect(find(client, "BODY", "w0077w") != [], "a search before the text is there")
        wait_until_complete(server, attachments=True)
        expect_found(server, found=True)
        expect("attachments of" in run("--data-dir", data, "index", "status"), "the text form")
        run("--data-dir", data, "check", "--deep")
        server.stop()
        server = Server(folder=data)
        expect_found(server, found=False)
        server.stop()
        server = Server(folder=data, settings=on)
        run("--data-dir", data, "index", "rebuild", USER)
        expect_found(server, found=True)
        server.stop()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def test():
    need("pdftotext")
    folder = tempfile.mkdtemp(prefix="posthorn-attachments-")
    try:
        check(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(test)
