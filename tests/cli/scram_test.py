#!/usr/bin/env python3
"""SCRAM under TLS by clients that support channel binding, where it is offered and where it is not (RFC 5802, section 6)."""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, trusting  # noqa: E402
from scram import Scram  # noqa: E402


def log_in(port, before, command, challenge, flag):
    """The last word of the server, and what it offered before."""
    scram = Scram("ada@example.org", flag=flag)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
        with trusting().wrap_socket(plain) as s:
            file = s.makefile("rwb")

            def hear(*ends):
                said = b""
                while not said.rsplit(b"\r\n", 2)[-2 if b"\r\n" in said else 0].startswith(ends):
                    line = file.readline()
                    expect(line, f"hung up after {said}")
                    said += line
                return said.decode()

            def say(line):
                file.write(line.encode() + b"\r\n")
                file.flush()

            offered = file.readline().decode()
            for line, ends in before:
                say(line)
                offered += hear(*ends)
            say(command + " " + scram.first())
            said = hear(*challenge)
            if not said.startswith(("+ ", "334 ")):
                return offered, said
            say(scram.final(said.split(" ", 1)[1].strip()))
            said = hear(*challenge)
            if said.startswith(("+ ", "334 ")):
                say("")
                said = hear(*challenge)
            return offered, said


def protocols(server):
    return {
        "IMAP": (server.imaps_port, [], "a AUTHENTICATE SCRAM-SHA-256", (b"+ ", b"a ")),
        "POP3": (server.pop3s_port, [("CAPA", (b".",))], "AUTH SCRAM-SHA-256", (b"+ ", b"+OK", b"-ERR")),
        "submission": (server.submissions_port, [("EHLO test.example", (b"250 ",))], "AUTH SCRAM-SHA-256",
                       (b"334 ", b"235 ", b"5")),
    }


def check(bound, flags, *settings):
    with Server(engine="memory", settings=settings) as server:
        for name, how in protocols(server).items():
            for flag, may in flags.items():
                offered, said = log_in(*how, flag)
                expect(("SCRAM-SHA-256-PLUS" in offered) == bound, f"{name}: offers {offered}")
                ok = said.startswith(("a OK", "+OK", "235 "))
                expect(ok == may, f"{name}, {flag}, {settings}: {said}")


def test():
    check(True, {"n": True, "y": False})
    check(False, {"n": True, "y": True}, "auth.channel_binding=false")


main(test)
