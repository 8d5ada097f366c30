"""One connection to the server under test: sends octets, frames responses, judges their form."""

import collections
import re
import select
import socket
import ssl
import time

from match import decode, quoted_inside

LITERAL = re.compile(rb"(~?)\{(\d+)\}\r\n$")

# What no response may look like, whatever the dialogue is about.
FORM_RULES = [
    (re.compile(r"^([^+\s]\S*) (OK|NO|BAD|BYE|PREAUTH)( \[[^\]]*\])? *$", re.S),
     "resp-text is empty (RFC 9051 9, resp-text)"),
    (re.compile(r"^\* \d+ FETCH \(( |.* \)$)", re.S), "stray space in FETCH"),
    (re.compile(r"^\* STATUS .* \)$", re.S), "stray space in STATUS"),
    (re.compile(r"^\* .*MODSEQ \(0\)", re.S), "MODSEQ 0 (RFC 7162 7, permsg-modsequence)"),
    (re.compile(r"^\* .*\[(UIDNEXT|UIDVALIDITY|HIGHESTMODSEQ) 0\]", re.S), "zero where nz-number is"),
    (re.compile(r"^\* ESEARCH \(TAG [^\"]", re.S), "correlator is not quoted (RFC 4731 3.1)"),
    (re.compile(r"^\* 0 (EXPUNGE|FETCH)", re.S), "message number 0"),
    (re.compile(r"^\+$"), "continuation without its space (RFC 9051 9, continue-req)"),
]


# What next_response gives at the end of the connection; an empty line is another empty string.
END = type("End", (str,), {})("")


class ServerFault(Exception):
    """The server's bytes are not what any dialogue could expect."""


class Connection:
    """`kind` is "imap", "lmtp", "pop3" or "submission". Every wait ends after `timeout` seconds."""

    def __init__(self, kind, label, address, options, transcript):
        self.kind, self.label, self.transcript = kind, label, transcript
        self.timeout, self.one_byte, self.slow = options.timeout, options.one_byte, options.slow_reader
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if self.slow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.settimeout(self.timeout)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.at_end = False
        self.waiting = collections.deque()  # Responses read but not yet asked for.

    def start_tls(self):
        if self.buffer:
            raise ServerFault("the server sent more before the TLS handshake")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self.transcript.append(f"{self.label}   -- TLS --")

    def send(self, octets, note=None):
        shown = note or decode(octets).rstrip("\r\n")
        self.transcript.extend(f"{self.label} > {line}" for line in shown.split("\r\n"))
        try:
            if self.one_byte and len(octets) <= 5000:
                for i in range(len(octets)):
                    self.socket.sendall(octets[i:i + 1])
            else:
                self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Whether the server may close here is for the next expected line to say.

    def next_response(self, timeout=None):
        """The next response in canonical form; None when nothing came in time; END at the end."""
        if self.waiting:
            return self.waiting.popleft()
        return self.read_response(timeout)

    def read_response(self, timeout=None):
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        text = ""
        while True:
            line = self._line(deadline)
            if line is None:
                return None
            if line == b"":
                return END
            literal = LITERAL.search(line) if self.kind == "imap" else None
            if not literal:
                text += decode(line[:-2])
                break
            octets = self._octets(int(literal[2]), deadline)
            if octets is None:
                raise ServerFault("a literal did not arrive in full")
            if not literal[1] and b"\0" in octets:
                raise ServerFault("NUL in a literal that is no literal8 (RFC 9051 9, CHAR8)")
            text += decode(line[:literal.start()]) + decode(literal[1])
            text += '"' + quoted_inside(decode(octets)) + '"'
        self.transcript.append(f"{self.label} < {text}")
        self._judge(text)
        return text

    def _judge(self, text):
        if self.kind != "imap":
            return
        if "\r" in text or "\n" in text:
            raise ServerFault(f"a bare CR or LF in a response line: {text!r}")
        for rule, what in FORM_RULES:
            if rule.match(text):
                raise ServerFault(f"{what}: {text}")

    def _fill(self, deadline):
        """More octets into the buffer. False when the deadline passed."""
        left = deadline - time.monotonic()
        pending = isinstance(self.socket, ssl.SSLSocket) and self.socket.pending()
        if not pending and (left <= 0 or not select.select([self.socket], [], [], left)[0]):
            return False
        if self.slow:
            time.sleep(0.001)
        try:
            octets = self.socket.recv(97 if self.slow else 65536)
        except (ConnectionResetError, ssl.SSLError):
            octets = b""
        except TimeoutError:
            return False
        self.at_end = not octets
        self.buffer += octets
        return True

    def _line(self, deadline):
        searched = 0
        while (end := self.buffer.find(b"\n", searched)) < 0:
            searched = len(self.buffer)
            if self.at_end:
                if self.buffer:
                    raise ServerFault(f"closed within a line: {self.buffer[:200]!r}")
                return b""
            if not self._fill(deadline):
                return None
        line, self.buffer = self.buffer[:end + 1], self.buffer[end + 1:]
        if not line.endswith(b"\r\n"):
            raise ServerFault(f"a line ends in bare LF: {line!r}")
        return line

    def _octets(self, count, deadline):
        while len(self.buffer) < count:
            if self.at_end or not self._fill(deadline):
                return None
        octets, self.buffer = self.buffer[:count], self.buffer[count:]
        return octets

    def close(self):
        self.socket.close()
