"""An SMTP server that takes mail and keeps it, does as it is told, and can be asked what it saw."""

import re
import socket
import socketserver
import threading


class Message:
    def __init__(self, sender, recipients, octets):
        self.sender = sender
        self.recipients = recipients
        self.octets = octets


class Sink:
    """Steps, in order: connect, ehlo, mail, rcpt, data, middle (half of the message has come), end (all
    has come, nothing was answered), answered. `on_step(step)` is called at each, before the answer; when it
    returns True the sink hangs up."""

    STEPS = ("connect", "ehlo", "mail", "rcpt", "data", "middle", "end", "answered")

    def __init__(self, port=0, offers=("PIPELINING", "8BITMIME", "SIZE 104857600")):
        self.messages = []
        self.connections = 0
        self.offers = offers
        self.replies = {}  # recipient -> what RCPT is answered with
        self.on_step = None
        self.one_each = False  # Hang up after each message.
        self.lock = threading.Lock()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    Dialogue(sink, self.rfile, self.wfile).run()
                except (OSError, EOFError):
                    pass

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.listener = Listener(("127.0.0.1", port), Handler)
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()

    def step(self, name):
        hook = self.on_step
        if hook and hook(name):
            raise EOFError

    def keep(self, message):
        with self.lock:
            self.messages.append(message)

    def kept(self):
        with self.lock:
            return list(self.messages)

    def close(self):
        self.listener.shutdown()
        self.listener.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Dialogue:
    def __init__(self, sink, rfile, wfile):
        self.sink, self.rfile, self.wfile = sink, rfile, wfile
        self.sender, self.recipients = None, []

    def say(self, *lines):
        for n, line in enumerate(lines):
            text = line if n + 1 == len(lines) else line[:3] + "-" + line[4:]
            self.wfile.write(text.encode() + b"\r\n")

    def line(self):
        line = self.rfile.readline(65536)
        if not line.endswith(b"\r\n"):
            raise EOFError
        return line[:-2].decode("utf-8", "surrogateescape")

    def run(self):
        with self.sink.lock:
            self.sink.connections += 1
        self.sink.step("connect")
        self.say("220 sink.example ESMTP")
        while True:
            line = self.line()
            verb = line.split(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            getattr(self, "do_" + verb.lower(), self.unknown)(line)
            if verb == "DATA" and self.sink.one_each:
                return

    def unknown(self, _):
        self.say("500 what?")

    def do_ehlo(self, _):
        self.sink.step("ehlo")
        self.say("250 sink.example", *[f"250 {offer}" for offer in self.sink.offers])

    def do_rset(self, _):
        self.sender, self.recipients = None, []
        self.say("250 2.0.0 ok")

    def do_mail(self, line):
        self.sink.step("mail")
        self.sender = re.match(r"MAIL FROM:<([^>]*)>", line, re.I).group(1)
        self.recipients = []
        self.say("250 2.1.0 ok")

    def do_rcpt(self, line):
        self.sink.step("rcpt")
        recipient = re.match(r"RCPT TO:<([^>]*)>", line, re.I).group(1)
        reply = self.sink.replies.get(recipient)
        if reply is None:
            self.recipients.append(recipient)
        self.say(reply or "250 2.1.5 ok")

    def do_data(self, _):
        self.sink.step("data")
        if not self.recipients:
            self.say("554 5.5.1 no recipients")
            return
        self.say("354 go on")
        lines = []
        while True:
            line = self.rfile.readline(1 << 20)
            if not line:
                raise EOFError
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
            if len(lines) == 5:
                self.sink.step("middle")
        self.sink.step("end")
        self.sink.keep(Message(self.sender, self.recipients, b"".join(lines)))
        self.say("250 2.0.0 kept")
        self.wfile.flush()
        self.sink.step("answered")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
