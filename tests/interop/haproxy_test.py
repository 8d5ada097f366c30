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
    """The log names the client's own port, which only the client and HAProxy know."""
    pattern = rf'login protocol=\w+ session=\w+ address=127\.0\.0\.1 port={local[1]} .*user="{re.escape(user)}"'
    deadline = time.monotonic() + 20
    while not re.search(pattern, server.log()):
        expect(time.monotonic() < deadline, f"{pattern} is not in\n{server.log()}")
        time.sleep(0.05)


def test():
    need("haproxy")
    with tempfile.TemporaryDirectory() as folder, \
            Server(settings=("limits.trusted_proxies=127.0.0.1",), quiet=False,
                   arguments=("--pop3s", "127.0.0.1:0")) as server:
        haproxy, ports = serve(server, folder)
        try:
            imap = imaplib.IMAP4("127.0.0.1", ports["imap"], timeout=60)
            imap.starttls(trusting())
            imap.login("ada", PASSWORD)
            line_about(server, imap.sock.getsockname(), "ada")
            expect(imap.append("INBOX", None, None, b"Subject: x\r\n\r\ny\r\n")[0] == "OK", "APPEND")
            pop = poplib.POP3_SSL("127.0.0.1", ports["pop3s"], timeout=60, context=trusting())
            pop.user("ben")
            pop.pass_(PASSWORD)
            line_about(server, pop.sock.getsockname(), "ben")
            sender = smtplib.SMTP("127.0.0.1", ports["submission"], timeout=60)
            sender.starttls(context=trusting())
            sender.login("eve", PASSWORD)
            line_about(server, sender.sock.getsockname(), "eve")
            time.sleep(2)  # For some health checks, which name no client.
            expect("refused: the PROXY header" not in server.log(), server.log())
            imap.logout()
            pop.quit()
            sender.quit()
        finally:
            haproxy.terminate()
            haproxy.wait(30)


if __name__ == "__main__":
    main(test)
