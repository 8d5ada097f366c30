#!/usr/bin/env python3
"""What a mail server in front may do wrong on its sockets: it is cut off, that is logged, and others are served."""

import base64
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main  # noqa: E402

ADA = "ada@example.org"
NAMES = ("auth", "user", "map", "policy")
PLAIN = base64.b64encode(f"\0{ADA}\0{PASSWORD}".encode())
HELLO = b"VERSION\t1\t2\nCPID\t1\n"
LOGIN = b"AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=" + PLAIN + b"\n"


def talk(server, name, octets, leave=False):
    """Everything the server says to somebody who sends this and waits for the end, or who then leaves."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(os.path.join(server.folder, name + ".sock"))
        said = b""
        try:
            client.sendall(octets)
            if leave:
                client.shutdown(socket.SHUT_WR)
            while True:
                got = client.recv(65536)
                if not got:
                    return said
                said += got
        except ConnectionError:
            return said


def whole_log(server):
    with open(server.log_path, encoding="utf-8", errors="replace") as f:
        return f.read()


def is_cut_off(server, name, octets):
    """The server ends the connection, and has done nothing of what follows the mistake."""
    said = talk(server, name, octets)
    expect(b"OK\t" not in said and b"USER\t" not in said, f"{name}: {octets[:60]}: {said[-200:]}")
    return said


def works(server):
    # Whoever has sent everything still gets the answers.
    with socket.socket(socket.AF_UNIX) as client, client.makefile("rb") as file:
        client.settimeout(60)
        client.connect(os.path.join(server.folder, "auth.sock"))
        client.sendall(HELLO + LOGIN)
        while not (line := file.readline()).startswith((b"OK\t", b"FAIL\t")):
            expect(line, "no answer")
        expect(line == f"OK\t1\tuser={ADA}\n".encode(), line)


def test_auth(server):
    for bad in (b"AUTH\t1\tPLAIN\0\tservice=smtp\n", b"AUTH\t1\n", b"AUTH\tone\tPLAIN\n", b"AUTH\n", b"CONT\tx\n",
                b"VERSION\t2\t0\n", LOGIN.replace(b"resp=", b"resp=\0"), b"x" * 20_000 + b"\n",
                LOGIN.replace(b"\n", b"\tuser=eve@example.org\n"),
                b"AUTH\t1\tLOGIN\tsecured\nAUTH\t1\tLOGIN\tsecured\n"):
        is_cut_off(server, "auth", HELLO + bad + LOGIN.replace(b"\t1\t", b"\t2\t"))
        works(server)
    # A LF within a value begins another line, which is no command, and those are ignored; so nobody is logged in.
    said = talk(server, "auth", HELLO + LOGIN.replace(b"service=smtp", b"service=sm\ntp"), leave=True)
    expect(b"\nCONT\t1\t" in said and b"OK\t" not in said, f"a LF in a value: {said[-200:]}")
    # Within a name they are nothing that a reply could be broken with: no account has such a name.
    for name in (f"{ADA}\tuser=eve@example.org", f"{ADA}\nOK\t1\tuser=eve@example.org", "eve\r@example.org"):
        sly = base64.b64encode(f"\0{name}\0{PASSWORD}".encode())
        said = talk(server, "auth", HELLO + LOGIN.replace(PLAIN, sly), leave=True).split(b"DONE\n")[1]
        expect(said.startswith(b"FAIL\t1\treason=") and said.count(b"\n") == 1 and b"eve" not in said,
               f"{name!r}: {said}")
    is_cut_off(server, "user", b"VERSION\t1\t1\nUSER\t1\t" + b"x" * 20_000 + b"\n")
    is_cut_off(server, "user", b"VERSION\t1\t1\nUSER\t1\ta\0b\n")
    works(server)


def test_maps_and_policy(server):
    for bad in (b"19:domains example.org;", b"nonsense", b"7:domains,", b"999999:x", b":x,"):
        said = is_cut_off(server, "map", bad + b"19:domains example.org,")
        expect(said == b"37:PERM The request cannot be understood,", f"{bad}: {said}")
    request = f"request=smtpd_access_policy\nprotocol_state=RCPT\nrecipient={ADA}\n\n".encode()
    for bad in (b"nonsense\n", b"=\n", b"a=" + b"x" * 1_000_000):
        said = is_cut_off(server, "policy", bad + request)
        expect(said in (b"action=451 4.3.0 The request cannot be understood\n\n", b""), f"{bad[:30]}: {said}")
        expect(said or len(bad) > 1000, f"{bad}: no error")
    # What can be understood, and asks for nothing that there is.
    with socket.socket(socket.AF_UNIX) as client, client.makefile("rb") as file:
        client.settimeout(60)
        client.connect(os.path.join(server.folder, "map.sock"))
        client.sendall(b"11:nothing ada,19:domains example.org,")
        said = file.read(len(b"99:PERM ")).decode()
        expect(said.split(":")[1].startswith("PERM"), said)


def test_log(server):
    """Lines that are alike are not all written."""
    for name, why in (("auth", "VERSION must come first"), ("auth", "too many logins are in progress"),
                      ("user", "a line is too long"), ("map", "a netstring must end with a comma"),
                      ("policy", "a line must be name=value")):
        lines = [line for line in whole_log(server).splitlines() if f"protocol={name}_socket" in line and why in line]
        expect(lines and "a client broke the protocol and was disconnected" in lines[0] and "session=" in lines[0],
               f"{name}: {why} is not in\n{whole_log(server)}")
    expect(PASSWORD not in whole_log(server) and PLAIN.decode() not in whole_log(server), "a password is in the log")


def test():
    sockets = [word for name in NAMES for word in (f"--{name}-socket", f"{name}.sock")]
    with Server(quiet=False, arguments=sockets) as server:
        works(server)
        is_cut_off(server, "auth", LOGIN)
        # Logins without end, of which none is finished.
        is_cut_off(server, "auth", HELLO + b"".join(b"AUTH\t%d\tLOGIN\tservice=smtp\tsecured\n" % number
                                                    for number in range(1, 1000)))
        test_maps_and_policy(server)
        test_auth(server)
        works(server)
        test_log(server)


if __name__ == "__main__":
    main(test)
