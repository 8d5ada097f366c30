#!/usr/bin/env python3
"""What mail clients ask before they have an account: curl asks as Thunderbird, Outlook and iOS do."""

import os
import plistlib
import socket
import ssl
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, need, ok  # noqa: E402

OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
ASKED = f"""<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
  <Request>
    <EMailAddress>ada@example.org</EMailAddress>
    <AcceptableResponseSchema>{OUTLOOK}</AcceptableResponseSchema>
  </Request>
</Autodiscover>"""
THUNDERBIRD = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml")


class Asking:
    """curl on one server's HTTPS port, or its plain one."""

    def __init__(self, server):
        self.server = server

    def __call__(self, path, *arguments, tls=True):
        """Status code, header fields in lower case, body."""
        port = self.server.https_port if tls else self.server.http_port
        said = subprocess.run(
            ["curl", "--silent", "--show-error", "--insecure", "--include", "--max-time", "60",
             "--globoff", *arguments, f"http{'s' if tls else ''}://127.0.0.1:{port}{path}"],
            check=True, capture_output=True).stdout
        head, _, body = said.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        return (int(status.split()[1]),
                {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)},
                body)


def test_thunderbird(server, ask):
    code, fields, without = ask(THUNDERBIRD[1])
    expect(code == 200 and fields["content-type"].startswith("text/xml"), f"{code} {fields}")
    answers = [ask(path + "?emailaddress=ada%40example.org")[2] for path in THUNDERBIRD]
    answers += [ask(THUNDERBIRD[0] + "?emailaddress=nobody%40example.org")[2],
                ask(THUNDERBIRD[0] + "?emailaddress=ada%40example.org", tls=False)[2]]
    expect(len(set(answers)) == 1, f"it depends on who is asked for: {set(answers)}")
    expect(answers[0] == without, "and on whether somebody is")
    provider = ElementTree.fromstring(answers[0]).find("emailProvider")
    expect(provider.get("id") == "example.org", answers[0])
    found = [(s.get("type"), s.findtext("hostname"), int(s.findtext("port")), s.findtext("socketType"))
             for s in provider if s.tag.endswith("Server")]
    for wanted in (("imap", server.imaps_port, "SSL"), ("imap", server.imap_port, "STARTTLS"),
                   ("smtp", server.submissions_port, "SSL"),
                   ("smtp", server.submission_port, "STARTTLS")):
        expect((wanted[0], "localhost", *wanted[1:]) in found, f"{wanted} is not in {found}")
    expect([port for kind, _, port, _ in found if kind == "imap"][0] == server.imaps_port,
           f"TLS from the start is not preferred: {found}")
    odd = ask(THUNDERBIRD[0] + "?emailaddress=%22%3C%26%3E%40x%3C%26.example")[2]
    provider = ElementTree.fromstring(odd).find("emailProvider")
    expect(provider.get("id") == "x<&.example", odd)


def test_outlook(server, ask):
    for path in ("/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"):
        code, _, body = ask(path, "--data-binary", ASKED, "--header", "Content-Type: text/xml")
        expect(code == 200, f"{path}: {code} {body}")
        account = ElementTree.fromstring(body).find(f"{{{OUTLOOK}}}Response/{{{OUTLOOK}}}Account")
        blocks = [{e.tag.partition("}")[2]: e.text for e in block}
                  for block in account.iter(f"{{{OUTLOOK}}}Protocol")]
        for kind, port in (("IMAP", server.imaps_port), ("SMTP", server.submissions_port)):
            first = next(block for block in blocks if block["Type"] == kind)
            expect(first["Port"] == str(port) and first["LoginName"] == "ada@example.org" and
                   first["Encryption"] == "SSL", f"{kind}: {first}")
    code, fields, _ = ask("/autodiscover/autodiscover.xml", tls=False)
    expect(code == 302 and fields["location"].startswith(f"https://localhost:{server.https_port}/"),
           f"{code} {fields}")
    code, fields, _ = ask("/autodiscover/autodiscover.xml")
    expect(code == 405 and fields["allow"] == "POST", f"{code} {fields}")
    code, _, _ = ask("/autodiscover/autodiscover.xml", "--data-binary",
                     '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + ASKED)
    expect(code == 400, f"a document type: {code}")


def test_ios(server, ask):
    _, fields, body = ask("/mobileconfig?emailaddress=ada%26bob%40example.org")
    expect(fields["content-type"] == "application/x-apple-aspen-config", fields)
    account = plistlib.loads(body)["PayloadContent"][0]
    expect(account["EmailAddress"] == "ada&bob@example.org" and
           account["IncomingMailServerPortNumber"] == server.imaps_port and
           account["IncomingMailServerUseSSL"] and
           account["OutgoingMailServerPortNumber"] == server.submissions_port, account)


def test_http(ask):
    expect(ask("/health")[0] == 200 and ask("/health", tls=False)[2] == b"ok\n", "/health")
    code, fields, body = ask("/health", "--head")
    expect(code == 200 and fields["content-length"] == "3" and body == b"", f"HEAD: {fields} {body}")
    for path, arguments, wanted in (
            ("/", (), 404),
            ("/../etc/passwd", ("--path-as-is",), 400),
            ("/health", ("--request", "DELETE"), 405),
            ("/health?" + "x" * 20000, (), 431),
            ("/health", ("--header", "X: " + "x" * 20000), 431),
            ("/autodiscover/autodiscover.xml", ("--data-binary", "x" * 100000), 413),
            (THUNDERBIRD[0] + "?emailaddress=x", (), 400)):
        code = ask(path, *arguments)[0]
        expect(code == wanted, f"{path[:40]} {str(arguments)[:40]}: {code}, not {wanted}")
    expect(ask("/health", "--http1.0")[2] == b"ok\n", "HTTP/1.0")


def test_one_connection_serves_several(server):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection(("127.0.0.1", server.https_port), 60)) as s:
        for _ in range(3):
            s.sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
            said = b""
            while not said.endswith(b"ok\n"):
                said += s.recv(4096)


def test():
    need("curl")
    with Server(engine="memory", arguments=["--http", "127.0.0.1:0"]) as server:
        ok(server.imap("ada@example.org").noop())  # Makes her; nobody else is there.
        ask = Asking(server)
        test_thunderbird(server, ask)
        test_outlook(server, ask)
        test_ios(server, ask)
        test_http(ask)
        test_one_connection_serves_several(server)
        # One that asks nothing does not hold up the end.
        with socket.create_connection(("127.0.0.1", server.http_port), 60):
            time.sleep(0.1)
            began = time.monotonic()
            server.stop()
            expect(time.monotonic() - began < 5, "an idle connection held up the end")


if __name__ == "__main__":
    main(test)
