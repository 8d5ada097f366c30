"""Reads a dialogue file and plays it against a server. README.md describes the format."""

import base64
import os
import re
import time

from connection import END, Connection, ServerFault
from match import Pattern, PatternError

STEP = re.compile(r"(?P<who>C|S|LMTP|L|SMTP|M|POP|P)(?P<n>\d?)(?P<mode>[%?*-]*):(?: (?P<text>.*))?$")
NOTHING = re.compile(r"S(?P<n>\d?)!: (?P<ms>\d+)ms$")
MACRO = re.compile(r"!(?P<name>[a-z]+?)(?P<n>\d?)(?: (?P<text>.*))?$")
BLOCK = re.compile(r"<<(?P<flags>[+~^%=]*)(?P<name>[A-Z][A-Z0-9]*|#\d+)")
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|[rn0t\\])")


# Of a step; all others: imap.
KINDS = {"LMTP": "lmtp", "L": "lmtp", "SMTP": "submission", "M": "submission", "POP": "pop3",
         "P": "pop3"}
LABELS = {"imap": "", "lmtp": "L", "submission": "M", "pop3": "P"}


class Failure(Exception):
    """An expectation that was not met, or a dialogue that makes no sense."""

    def __init__(self, step, what):
        super().__init__(f"{step.file}:{step.line}: {what}")


class Skipped(Exception):
    """The server does not offer what the dialogue is about."""


class Step:
    def __init__(self, file, line, kind, n, mode, text):
        self.file, self.line, self.kind, self.mode = file, line, kind, mode
        self.n, self.text, self.blocks, self.group = int(n or 1), text or "", [], []


class Block:
    """A literal in a line: its flags say how it is announced and how it is written here."""

    def __init__(self, flags, text):
        self.flags, self.text = flags, text

    def octets(self):
        data = self.text.encode("utf-8", "surrogateescape")
        return unescape(data) if "%" in self.flags else data


def unescape(data):
    def one(m):
        e = m[1]
        if e[:1] == b"x":
            return bytes([int(e[1:], 16)])
        return {b"r": b"\r", b"n": b"\n", b"0": b"\0", b"t": b"\t", b"\\": b"\\"}[e]
    return ESCAPE.sub(one, data)


def generated_message(size):
    """A message of exactly `size` octets."""
    head = "From: Ann Example <ann@example.org>\r\nSubject: generated\r\n\r\n"
    line = "All work and no play leaves the lighthouse in the dark tonight.\r\n"
    text = head + line * (size // len(line) + 1)
    return text[:size - 2] + "\r\n"


class Reader:
    """File to steps."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8", newline="\n") as f:
            self.lines = f.read().split("\n")
        self.at = 0

    def steps(self):
        out, group = [], None
        while self.at < len(self.lines):
            text = self.lines[self.at]
            self.at += 1
            if not text.strip() or text.startswith("#"):
                continue
            step = self._step(text)
            if step.kind == "S{":
                if group:
                    raise Failure(step, "a group within a group")
                group = step
            elif step.kind == "S}":
                if not group:
                    raise Failure(step, "S} without S{")
                out.append(group)
                group = None
            elif step.kind == "!include":
                out += Reader(os.path.join(os.path.dirname(self.path), step.text)).steps()
            elif group:
                if step.kind != "S" or step.n != group.n:
                    raise Failure(step, "only expected lines of one connection in a group")
                group.group.append(step)
            else:
                out.append(step)
        if group:
            raise Failure(group, "S{ is never closed")
        return out

    def _step(self, text):
        line = self.at
        if m := re.fullmatch(r"S(\d?)([{}])", text):
            return Step(self.path, line, "S" + m[2], m[1], "", "")
        if m := NOTHING.match(text):
            return Step(self.path, line, "nothing", m["n"], "", m["ms"])
        if m := MACRO.match(text):
            step = Step(self.path, line, "!" + m["name"], m["n"], "", m["text"])
        elif m := STEP.match(text):
            step = Step(self.path, line, m["who"], m["n"], m["mode"], m["text"])
        else:
            raise Failure(Step(self.path, line, "", 1, "", ""), f"not understood: {text}")
        if step.kind != "LMTP" or "<<" in step.text:
            step.text = BLOCK.sub(lambda m: self._block(step, m), step.text)
        return step

    def _block(self, step, m):
        name, flags = m["name"], m["flags"]
        if name[0] == "#":
            body = generated_message(int(name[1:]))
        else:
            rows = []
            while True:
                if self.at >= len(self.lines):
                    raise Failure(step, f"block {name} is never closed")
                row = self.lines[self.at]
                self.at += 1
                if row == name:
                    break
                rows.append(row)
            body = "\r\n".join(rows) + ("" if "^" in flags or not rows else "\r\n")
        step.blocks.append(Block(flags, body))
        return f"\x01{len(step.blocks) - 1}\x01"


class Player:
    """Plays one dialogue as a user nobody else uses."""

    def __init__(self, path, user, server, options):
        self.path, self.server, self.options = path, server, options
        self.names = {"user": user, "password": options.password, "crlf": "\r\n",
                      "address": user if "@" in user else user + "@example.org"}
        self.transcript, self.connections, self.optional = [], {}, {}
        self.macro_tags, self.strict = 0, False

    def play(self):
        """Returns None, or the words of the failure. Raises Skipped."""
        try:
            for step in Reader(self.path).steps():
                try:
                    self._step(step)
                except (PatternError, ServerFault) as e:
                    raise Failure(step, str(e)) from e
                except OSError as e:
                    raise Failure(step, f"connection: {e}") from e
        except Failure as e:
            return "\n".join([str(e), "  transcript:"] + ["    " + shorten(t) for t in self.transcript])
        finally:
            for connection in self.connections.values():
                connection.close()
        return None

    def _step(self, step):
        handler = {"C": self._client, "S": self._expect, "S{": self._group, "LMTP": self._client,
                   "L": self._expect, "SMTP": self._client, "M": self._expect,
                   "POP": self._client, "P": self._expect,
                   "nothing": self._nothing}.get(step.kind)
        if not handler:
            handler = getattr(self, "_macro_" + step.kind[1:], None)
            if not handler:
                raise Failure(step, f"no macro {step.kind}")
        handler(step)

    # Connections.

    def _connection(self, step, greeting=True, kind=None, port=None):
        kind = kind or KINDS.get(step.kind, "imap")
        key = (kind, step.n)
        if key not in self.connections:
            if (port or kind) not in self.server:
                raise Skipped(f"{port or kind} port")
            label = LABELS[kind] + str(step.n)
            c = Connection(kind, label, self.server[port or kind], self.options, self.transcript)
            self.connections[key] = c
            if port in ("imaps", "pop3s"):
                c.start_tls()
            if greeting and kind == "imap":
                got = c.next_response()
                if not got or not re.match(r"\* (OK|PREAUTH) ", got):
                    raise Failure(step, f"no greeting: {got}")
        return self.connections[key]

    def _client(self, step):
        connection = self._connection(step)
        end = b"" if "-" in step.mode else b"\r\n"
        pieces = re.split("\x01(\\d+)\x01", step.text)
        for i in range(0, len(pieces) - 1, 2):
            block = step.blocks[int(pieces[i + 1])]
            octets = block.octets()
            if "=" in block.flags:
                octets = self._named(octets.decode("utf-8", "surrogateescape")).encode(
                    "utf-8", "surrogateescape")
            if connection.kind != "imap":
                connection.send(self._octets(pieces[i], step) + octets)
                continue
            announce = "%s{%d%s}\r\n" % ("~" if "~" in block.flags else "", len(octets),
                                         "+" if "+" in block.flags else "")
            head = self._octets(pieces[i], step) + announce.encode()
            if "+" in block.flags:
                connection.send(head + octets)
            else:
                connection.send(head)
                if not self._continued(connection, step):
                    return
                connection.send(octets)
        connection.send(self._octets(pieces[-1], step) + end)

    def _continued(self, connection, step):
        """Waits for the "+" to a literal. False when the command was answered instead."""
        tag = step.text.split(" ", 1)[0] + " "
        while True:
            got = connection.read_response()
            if not got:
                raise Failure(step, "no continuation came" if got is None else "the server closed")
            if got.startswith("+ "):
                return True
            connection.waiting.append(got)
            if got.startswith(tag) or got.startswith("* BYE"):
                return False

    def _named(self, text):
        return re.sub(r"<([a-z][a-z0-9_]*)>", lambda m: self.names.get(m[1], m[0]), text)

    def _octets(self, text, step):
        text = self._named(text)
        text = re.sub(r"<odd (\d+)>", lambda m: ",".join(map(str, range(1, int(m[1]), 2))), text)
        data = text.encode("utf-8", "surrogateescape")
        data = re.sub(rb"<b64 ([^>]*)>", lambda m: base64.b64encode(unescape(m[1])), data)
        return unescape(data) if "%" in step.mode else data

    # Expectations.

    def _pattern(self, step):
        return Pattern(step.text, [b.octets().decode("utf-8", "surrogateescape")
                                   for b in step.blocks])

    def _expect(self, step):
        connection = self._connection(step, greeting=False)
        optional = self.optional.setdefault((connection.kind, step.n), [])
        if "?" in step.mode:
            optional.append(self._pattern(step))
            return
        pattern = self._pattern(step)
        while True:
            got = connection.next_response()
            heard = got is not None and got is not END
            if step.text == "EOF":
                if got is END:
                    return
                if heard and "*" in step.mode:
                    continue
                raise Failure(step, f"expected the connection to be closed, got {shown(got)}")
            if heard and pattern.match(got, self.names):
                optional.clear()
                return
            if not heard or not ("*" in step.mode or self._may_skip(optional, got)):
                raise Failure(step, f"expected: {self._described(step)}\n  got:      {shown(got)}")

    def _may_skip(self, optional, got):
        if self._is_recent(got):
            return True
        for pattern in optional:
            if pattern.match(got, self.names):
                optional.remove(pattern)
                return True
        return False

    def _is_recent(self, got):
        """A rev1 server may say RECENT whenever something changed (RFC 3501 7.3.2)."""
        return not self.strict and re.fullmatch(r"\* \d+ RECENT", got)

    def _group(self, step):
        connection = self._connection(step, greeting=False)
        optional = self.optional.setdefault((connection.kind, step.n), [])
        wanted = [s for s in step.group if "?" not in s.mode]
        optional += [self._pattern(s) for s in step.group if "?" in s.mode]
        while wanted:
            got = connection.next_response()
            hit = next((s for s in wanted if got and self._pattern(s).match(got, self.names)), None)
            if hit:
                wanted.remove(hit)
            elif not got or not self._may_skip(optional, got):
                rest = "\n            ".join(self._described(s) for s in wanted)
                raise Failure(step, f"expected, in any order:\n            {rest}\n"
                                    f"  got:      {shown(got)}")

    def _nothing(self, step):
        connection = self._connection(step)
        got = connection.next_response(int(step.text) / 1000)
        while got and self._is_recent(got):
            got = connection.next_response(int(step.text) / 1000)
        if got is not None:
            raise Failure(step, f"expected nothing for {step.text} ms, got {shown(got)}")

    def _described(self, step):
        return re.sub("\x01(\\d+)\x01", lambda m: f"<<{step.blocks[int(m[1])].text!r}", step.text)

    # Macros.

    def _macro_login(self, step):
        """!login [user]: as this dialogue's user."""
        self._do(step, f"LOGIN {step.text or '<user>'} <password>")

    def _macro_do(self, step):
        """!do COMMAND: must be answered OK; what comes before that is not looked at."""
        self._do(step, step.text, step.blocks)

    def _macro_select(self, step):
        self._do(step, f"SELECT {step.text}")

    def _macro_mail(self, step):
        """!mail MAILBOX [(flags)] ["date"] subject: one small message from Ann to Bob."""
        m = re.fullmatch(r'("[^"]*"|\S+)((?: \([^)]*\))?(?: "[^"]*")?) (.+)', step.text)
        if not m:
            raise Failure(step, "!mail MAILBOX [(flags)] [\"date\"] subject")
        text = ("From: Ann <ann@example.org>\r\nTo: Bob <bob@example.net>\r\n"
                f"Subject: {m[3]}\r\nDate: Mon, 7 Feb 2022 21:52:25 +0100\r\n"
                f"Message-ID: <{m[3].replace(' ', '.')}@example.org>\r\n\r\nText of {m[3]}.\r\n")
        self._do(step, f"APPEND {m[1]}{m[2]} \x010\x01", [Block("", text)])

    def _macro_mails(self, step):
        """!mails MAILBOX COUNT: subjects m1, m2, ..."""
        mailbox, count = step.text.rsplit(" ", 1)
        for i in range(1, int(count) + 1):
            mail = Step(step.file, step.line, "!mail", step.n, "", f"{mailbox} m{i}")
            self._macro_mail(mail)

    def _macro_need(self, step):
        """!need CAPABILITY...: the dialogue is skipped when the server does not offer one."""
        got = self._do(step, "CAPABILITY")
        offered = next((g for g in got if g.startswith("* CAPABILITY ")), "").upper().split()
        for capability in step.text.upper().split():
            if capability not in offered:
                raise Skipped(capability)

    def _macro_without(self, step):
        """!without CAPABILITY...: the dialogue is skipped when the server offers one."""
        got = self._do(step, "CAPABILITY")
        offered = next((g for g in got if g.startswith("* CAPABILITY ")), "").upper().split()
        for capability in step.text.upper().split():
            if capability in offered:
                raise Skipped(f"{capability} is offered")

    def _macro_strict(self, _step):
        """From here on a RECENT nobody expects is a failure."""
        self.strict = True

    def _macro_starttls(self, step):
        """The client's TLS handshake, after the OK."""
        self._connection(step).start_tls()

    def _macro_tls(self, step):
        """Opens the connection on the port with implicit TLS."""
        self._connection(step, port="imaps")

    def _macro_pop(self, step):
        """!pop [pop3s]: a POP3 connection, greeted and logged in as this dialogue's user."""
        port = step.text or "pop3"
        connection = self._connection(step, kind="pop3", port=port)
        for line in ("", "USER " + self.names["user"], "PASS " + self.names["password"]):
            if line:
                connection.send(line.encode() + b"\r\n")
            got = connection.next_response()
            if not got or not got.startswith("+OK"):
                raise Failure(step, f"expected +OK, got {shown(got)}")

    def _macro_stls(self, step):
        """The client's TLS handshake on the POP3 connection, after the +OK."""
        self._connection(step, kind="pop3").start_tls()

    def _macro_popclose(self, step):
        """Drops the POP3 connection without a word."""
        self._connection(step, kind="pop3").close()
        del self.connections["pop3", step.n]

    def _macro_connect(self, step):
        """Opens the connection and takes the greeting."""
        self._connection(step)

    def _macro_close(self, step):
        """Drops the connection without a word."""
        self._connection(step).close()
        del self.connections["imap", step.n]

    def _do(self, step, command, blocks=()):
        self.macro_tags += 1
        tag = f"do{self.macro_tags}"
        run = Step(step.file, step.line, "C", step.n, "", f"{tag} {command}")
        run.blocks = list(blocks)
        self._client(run)
        connection, got = self._connection(run), []
        deadline = time.monotonic() + self.options.timeout
        while time.monotonic() < deadline:
            response = connection.next_response()
            if not response:
                break
            got.append(response)
            if response.startswith(tag + " "):
                if response.startswith(tag + " OK"):
                    return got
                raise Failure(step, f"{command.split(' ')[0]} was refused: {response}")
        raise Failure(step, f"{command.split(' ')[0]} was not answered")


def shown(response):
    if response is None:
        return "nothing in time"
    return "the end of the connection" if response is END else response


def shorten(text, limit=600):
    return text if len(text) <= limit else f"{text[:limit]} ... ({len(text)} characters)"
