#!/usr/bin/env python3
"""HAProxy in front, with PROXY headers of both versions: IMAP, POP3 under TLS, submission and HTTP; health checks too."""

import imaplib
import os
import poplib
import re
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, need, trusting  # noqa: E402

CONFIG = """
global
    log stderr format raw local0
defaults
    mode tcp
    timeout connect 10s
    timeout client 60s
    timeout server 60s
"""
SERVICE = """
listen {name}
    bind 127.0.0.1:{port}
    server posthorn 127.0.0.1:{behind} {send} check inter 500ms {check}
"""
# Not the address of HAProxy.
CLIENT = "127.0.0.2"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve(server, folder):
    services = (("imap", server.imap_port, "send-proxy-v2"), ("pop3s", server.pop3s_port, "send-proxy"),
                ("submission", server.submission_port, "send-proxy-v2"), ("lmtp", server.lmtp_port, "send-proxy"))
    config, ports = CONFIG, {}
    for name, behind, send in services:
        ports[name] = free_port()
        # Without check-send-proxy HAProxy sends the header in its checks all the same.
        config += SERVICE.format(name=name, port=ports[name], behind=behind, send=send, check="check-send-proxy")
    path = os.path.join(folder, "haproxy.cfg")
    with open(path, "w", encoding="utf-8") as f:
        f.write(config)
    with open(os.path.join(folder, "haproxy.log"), "wb") as log:
        haproxy = subprocess.Popen(["haproxy", "-db", "-f", path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + 30
    for port in ports.values():
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 5).close()
                break
            except OSError:
                expect(haproxy.poll() is None and time.monotonic() < deadline, "HAProxy did not start")
                time.sleep(0.05)
    return haproxy, ports


def line_about(server, local, user):
    """The log names the client's own address and port, which only the client and HAProxy know."""
    pattern = (rf'login protocol=\w+ session=\w+ address={re.escape(local[0])} port={local[1]} '
               rf'.*user="{re.escape(user)}"')
    deadline = time.monotonic() + 20
    while not re.search(pattern, server.log()):
        expect(time.monotonic() < deadline, f"{pattern} is not in\n{server.log()}")
        time.sleep(0.05)


class Imap(imaplib.IMAP4):
    def _create_socket(self, timeout):
        return connect(self.port)


class Pop3(poplib.POP3_SSL):
    def _create_socket(self, timeout):
        return self.context.wrap_socket(connect(self.port))


def connect(port, address=CLIENT):
    return socket.create_connection(("127.0.0.1", port), 60, source_address=(address, 0))


def test_log(server, ports):
    imap = Imap("127.0.0.1", ports["imap"])
    imap.starttls(trusting())
    imap.login("ada", PASSWORD)
    line_about(server, imap.sock.getsockname(), "ada")
    expect(imap.append("INBOX", None, None, b"Subject: x\r\n\r\ny\r\n")[0] == "OK", "APPEND")
    pop = Pop3("127.0.0.1", ports["pop3s"], timeout=60, context=trusting())
    pop.user("ben")
    pop.pass_(PASSWORD)
    line_about(server, pop.sock.getsockname(), "ben")
    sender = smtplib.SMTP("127.0.0.1", ports["submission"], timeout=60, source_address=(CLIENT, 0))
    sender.starttls(context=trusting())
    sender.login("eve", PASSWORD)
    line_about(server, sender.sock.getsockname(), "eve")
    time.sleep(2)  # For some health checks, which name no client.
    expect("refused: the PROXY header" not in server.log(), server.log())
    imap.logout()
    pop.quit()
    sender.quit()


def test_limits(_server, ports):
    """A client may have one connection before it logs in, whoever else comes through the same proxy."""
    def greeting(address):
        client = connect(ports["imap"], address)
        return client, client.recv(1000)
    first, said = greeting(CLIENT)
    expect(said.startswith(b"* OK"), said)
    second, said = greeting(CLIENT)
    expect(said.startswith(b"* BYE"), said)
    other, said = greeting("127.0.0.3")
    expect(said.startswith(b"* OK"), said)
    for client in (first, second, other):
        client.close()


def with_haproxy(course, *settings):
    with tempfile.TemporaryDirectory() as folder, \
            Server(settings=("limits.trusted_proxies=127.0.0.1", *settings), quiet=False,
                   arguments=("--pop3s", "127.0.0.1:0")) as server:
        haproxy, ports = serve(server, folder)
        try:
            course(server, ports)
        finally:
            haproxy.terminate()
            haproxy.wait(30)


def test():
    need("haproxy")
    with_haproxy(test_log)
    with_haproxy(test_limits, "limits.per_address=2")


if __name__ == "__main__":
    main(test)
