#!/usr/bin/env python3
"""The PROXY protocol, XCLIENT and IMAP's ID: who may name the client, and what counts then."""

import os
import re
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, trusting  # noqa: E402

V1 = b"PROXY TCP4 203.0.113.5 192.0.2.1 40000 143\r\n"
V2 = (b"\r\n\r\n\0\r\nQUIT\n\x21\x21" + struct.pack("!H", 36) + socket.inet_pton(socket.AF_INET6, "2001:db8::7") +
      socket.inet_pton(socket.AF_INET6, "2001:db8::1") + struct.pack("!HH", 40001, 143))
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"


class Client:
    def __init__(self, port, first=b"", tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.sendall(first)
        if tls:
            self.socket = trusting().wrap_socket(self.socket)
        self.file = self.socket.makefile("rwb", 0)

    def line(self):
        return self.file.readline().decode()

    def say(self, text):
        self.file.write(text.encode() + b"\r\n")

    def until(self, beginning):
        while True:
            line = self.line()
            expect(line, f"the connection ended before {beginning}")
            if line.startswith(beginning):
                return line

    def ended(self):
        """Whether the server closes without a word that a client could take for its protocol's greeting."""
        try:
            return self.line() == ""
        except ConnectionError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()


def wait_for(server, pattern):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = re.search(pattern, server.log())
        if found:
            return found
        time.sleep(0.05)
    expect(False, f"no line with {pattern} in\n{server.log()}")


def log_in(client, user):
    client.until("* OK")
    client.say(f"a LOGIN {user} {PASSWORD}")
    return client.until("a ")


def test_proxied(server):
    """Versions 1 and 2, in clear and before TLS; each listener."""
    client = Client(server.imaps_port, V1, tls=True)
    expect("OK" in log_in(client, "ada"), "a login through a proxy")
    wait_for(server, r'login protocol=imap session=[0-9a-f]+ address=203\.0\.113\.5 port=40000 .* user="ada"')
    client.close()
    client = Client(server.imaps_port, V2, tls=True)
    log_in(client, "ben")
    wait_for(server, r'address=2001:db8::7 port=40001 .* user="ben"')
    client.close()
    for port, greeting in ((server.imap_port, "* OK"), (server.pop3_port, "+OK"), (server.submission_port, "220"),
                           (server.lmtp_port, "220")):
        for header in (V1, V2, LOCAL):
            client = Client(port, header)
            expect(client.line().startswith(greeting), f"port {port} with {header!r}")
            client.close()
    client = Client(server.http_port, V1 + b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    expect(client.line().startswith("HTTP/1.1 200"), "HTTP behind a header")
    client.close()


def test_far_client_is_not_local(server):
    """Loopback may log in without TLS; a client that a local proxy passes on is not local."""
    client = Client(server.imap_port, V1)
    expect("LOGINDISABLED" in client.until("* OK"), "a password may pass in clear")
    client.close()


def test_missing(server):
    """Without the header, and with a broken one, there is no greeting."""
    for first in (b"a1 NOOP\r\na2 NOOP\r\n", b"PROXY TCP4 nonsense\r\n", b"\x16\x03\x01\x02\x00",
                  b"\r\n\r\n\0\r\nQUIT\n\x99\x11\0\x0cxxxxxxxxxxxx"):
        client = Client(server.imap_port, first)
        expect(client.ended(), f"{first!r} was taken for a header")
        client.close()
    wait_for(server, r'refused: the address is in limits\.trusted_proxies protocol=imap session=[0-9a-f]+ '
                     r'address=127\.0\.0\.1 port=\d+ error=syntax text="the PROXY header is missing"')
    began = time.monotonic()
    client = Client(server.imap_port)
    expect(client.ended(), "silence was taken for a header")
    expect(3 < time.monotonic() - began < 40, "how long a proxy may be silent")
    client.close()


def test_strangers():
    """Who is not trusted: the header is garbage, XCLIENT is refused, and ID changes nothing."""
    with Server(quiet=False) as server:
        client = Client(server.imap_port, V1)
        client.until("* OK")
        expect("BAD" in client.line(), "a header from a stranger")
        client.say('b ID ("x-originating-ip" "203.0.113.9")')
        client.until("b OK")
        client.say(f"c LOGIN ada {PASSWORD}")
        client.until("c OK")
        wait_for(server, r'address=127\.0\.0\.1 .* user="ada"')
        client.close()
        client = Client(server.submission_port)
        client.until("220")
        client.say("EHLO x")
        lines = []
        while not lines or lines[-1][3] == "-":
            lines.append(client.line())
        expect(not any("XCLIENT" in line for line in lines), "XCLIENT is offered to a stranger")
        client.say("XCLIENT ADDR=203.0.113.9 PORT=1")
        expect(client.line().startswith("550"), "XCLIENT from a stranger")
        client.close()


def test_gateways():
    with Server(settings=("limits.trusted_gateways=127.0.0.1,::1",), quiet=False) as server:
        client = Client(server.imap_port)
        client.until("* OK")
        client.say('b ID ("name" "webmail" "X-Originating-IP" "2001:DB8::9" "x-originating-port" "4711")')
        client.until("b OK")
        client.say(f"c LOGIN ada {PASSWORD}")
        client.until("c OK")
        wait_for(server, r'address=2001:db8::9 port=4711 .* user="ada"')
        client.close()

        for wrong in ("ADDR=nonsense", "LOGIN=ada", "ADDR", "PORT=x"):
            client = Client(server.submission_port)
            client.until("220")
            client.say(f"XCLIENT {wrong}")
            expect(client.line().startswith("501"), f"XCLIENT {wrong}")
            client.close()
        client = Client(server.submission_port)
        client.until("220")
        client.say("XCLIENT NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::9 PORT=4712 HELO=x")
        expect(client.line().startswith("220"), "XCLIENT is answered with a greeting")
        client.say("MAIL FROM:<ada>")
        expect(client.line().startswith("5"), "EHLO is needed again")
        client.say("EHLO client")
        while client.line()[3] == "-":
            pass
        client.say("AUTH PLAIN AGJlbgB3cm9uZw==")
        expect(client.line().startswith("535"), "a wrong password")
        wait_for(server, r'login failed protocol=submission .* address=2001:db8::9 port=4712 .* user="ben"')
        client.close()

        client = Client(server.lmtp_port)
        client.until("220")
        client.say("LHLO proxy")
        lines = []
        while not lines or lines[-1][3] == "-":
            lines.append(client.line())
        expect(any("XCLIENT" in line for line in lines), "XCLIENT is offered to a gateway")
        client.say("XCLIENT ADDR=203.0.113.9")
        expect(client.line().startswith("220"), "XCLIENT for LMTP")
        client.close()


def test_limits():
    """Connections count for the client that the proxy names."""
    with Server(settings=("limits.trusted_proxies=127.0.0.0/8", "limits.per_address=2")) as server:
        first = Client(server.imap_port, V1)
        first.until("* OK")
        second = Client(server.imap_port, V1)
        expect("BYE" in second.line(), "a second connection before login from one address")
        other = Client(server.imap_port, V1.replace(b"203.0.113.5", b"203.0.113.6"))
        expect("OK" in other.line(), "another client of the same proxy")
        for client in (first, second, other):
            client.close()


def test():
    with Server(settings=("limits.trusted_proxies=127.0.0.0/8",), arguments=("--http", "127.0.0.1:0"),
                quiet=False) as server:
        test_proxied(server)
        test_far_client_is_not_local(server)
        test_missing(server)
    test_strangers()
    test_gateways()
    test_limits()


if __name__ == "__main__":
    main(test)
