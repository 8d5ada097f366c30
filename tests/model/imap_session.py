"""A small IMAP client that keeps what it was told, as a mail program would."""

import re
import socket


class ProtocolError(AssertionError):
    """The server said something that no client could follow."""


class Message:
    __slots__ = ("uid", "flags", "told")

    def __init__(self):
        self.uid = None
        self.flags = None
        self.told = 0  # The command during which the server last said the flags.


# RFC 9051 §7.5.1: no EXPUNGE while one of these runs; and none with UID in front either, for clients that
# number messages while they wait.
QUIET = ("FETCH", "STORE", "SEARCH")


class Session:
    def __init__(self, port, user, password, name):
        self.name = name
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.sock.makefile("rb")
        self.tag = 0
        self.mailbox = None
        self.cache = []
        self.running = None
        self.trace = []
        self.modseq = 0
        self.response()
        self.ok(f'LOGIN "{user}" "{password}"')

    def close(self):
        self.file.close()
        self.sock.close()

    # --- wire ---------------------------------------------------------------------------------
    def send(self, text):
        self.trace.append("C: " + text[:200])
        self.sock.sendall(text.encode() + b"\r\n")

    def response(self):
        """One response with its literals inlined."""
        whole = b""
        while True:
            line = self.file.readline()
            if not line:
                raise ProtocolError(f"{self.name}: connection closed\n" + "\n".join(self.trace[-30:]))
            whole += line
            literal = re.search(rb"\{(\d+)\}\r\n$", line)
            if not literal:
                break
            whole += self.file.read(int(literal.group(1)))
        text = whole.decode("utf-8", "replace").rstrip("\r\n")
        self.trace.append("S: " + text[:200])
        return text

    def fail(self, why):
        raise ProtocolError(f"{self.name}: {why}\n" + "\n".join(self.trace[-30:]))

    def start(self, command):
        self.tag += 1
        self.running = command.upper()
        self.send(f"t{self.tag} {command}")

    def finish(self):
        """Untagged responses up to the tagged one, applied to the cache; returns the tagged text and them."""
        untagged = []
        while True:
            text = self.response()
            if text.startswith(f"t{self.tag} "):
                self.running = None
                self.note_code(text)
                return text.split(" ", 1)[1], untagged
            if not text.startswith("* "):
                self.fail("neither untagged nor ours: " + text)
            untagged.append(text[2:])
            self.apply(text[2:])

    def run(self, command):
        self.start(command)
        return self.finish()

    def ok(self, command):
        tagged, untagged = self.run(command)
        if not tagged.startswith("OK"):
            self.fail(f"{command}: {tagged}")
        return untagged

    def append(self, mailbox, flags, octets):
        self.start(f"APPEND {mailbox} ({flags}) {{{len(octets)}}}")
        while True:
            text = self.response()
            if text.startswith("+"):
                break
            if not text.startswith("* "):
                self.running = None
                return text.split(" ", 1)[1]
            self.apply(text[2:])
        self.sock.sendall(octets + b"\r\n")
        return self.finish()[0]

    def idle(self):
        self.start("IDLE")
        while True:
            text = self.response()
            if text.startswith("+"):
                return
            self.apply(text[2:])

    def done(self):
        self.send("DONE")
        return self.finish()

    # --- what a client keeps ------------------------------------------------------------------
    def note_code(self, text):
        code = re.search(r"\[HIGHESTMODSEQ (\d+)\]", text)
        if code:
            self.modseq = max(self.modseq, int(code.group(1)))

    def select(self, mailbox, read_only=False):
        self.mailbox = None
        self.cache = []
        tagged, _ = self.run(("EXAMINE " if read_only else "SELECT ") + mailbox)
        if tagged.startswith("OK"):
            self.mailbox = mailbox
        return tagged

    def apply(self, text):
        self.note_code(text)
        word = text.split(" ", 2)
        if word[0] == "VANISHED":
            self.vanished(text[len("VANISHED "):])
        if len(word) < 2 or not word[0].isdigit():
            return
        number = int(word[0])
        if word[1] == "EXISTS":
            if number < len(self.cache):
                self.fail(f"EXISTS {number} below the {len(self.cache)} there were")
            while len(self.cache) < number:
                self.cache.append(Message())
        elif word[1] == "EXPUNGE":
            self.may_shrink()
            if not 1 <= number <= len(self.cache):
                self.fail(f"EXPUNGE {number} of {len(self.cache)}")
            del self.cache[number - 1]
        elif word[1] == "FETCH":
            self.fetched(number, word[2])

    def may_shrink(self):
        verb = (self.running or "").removeprefix("UID ").split(" ")[0]
        if verb in QUIET:
            self.fail("a message removed during " + verb)

    def vanished(self, text):
        if text.startswith("(EARLIER) "):
            gone = uid_set(text[len("(EARLIER) "):])
            self.cache = [m for m in self.cache if m.uid is None or m.uid not in gone]
            return
        self.may_shrink()
        gone = uid_set(text)
        for uid in sorted(gone - {m.uid for m in self.cache}):
            self.cache.remove(self.unknown_at(uid))
        self.cache = [m for m in self.cache if m.uid not in gone]

    def unknown_at(self, uid):
        """An entry whose UID was never learnt and may be this one: UIDs ascend, so it lies between the
        known ones around it. Which of several there it was makes no difference."""
        found = None
        for message in self.cache:
            if message.uid is None:
                found = found or message
            elif message.uid < uid:
                found = None
            else:
                break
        if found is None:
            self.fail(f"VANISHED {uid} was never told")
        return found

    def fetched(self, number, items):
        if not 1 <= number <= len(self.cache):
            self.fail(f"FETCH {number} of {len(self.cache)}")
        message = self.cache[number - 1]
        uid = re.search(r"\bUID (\d+)", items)
        if uid:
            if message.uid is not None and message.uid != int(uid.group(1)):
                self.fail(f"message {number} was UID {message.uid} and is {uid.group(1)}")
            message.uid = int(uid.group(1))
        flags = re.search(r"FLAGS \(([^)]*)\)", items)
        if flags:
            message.flags = flag_set(flags.group(1))
            message.told = self.tag
        if re.search(r"MODSEQ \(0\)", items):
            self.fail("MODSEQ 0")


def flag_set(text):
    return frozenset(f.lower() for f in text.split() if f.lower() != "\\recent")


def uid_set(text):
    out = set()
    for piece in text.split(","):
        first, _, last = piece.partition(":")
        a, b = int(first), int(last or first)
        out.update(range(min(a, b), max(a, b) + 1))
    return out
