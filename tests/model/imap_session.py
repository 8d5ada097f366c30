"""A small IMAP client that keeps what it was told, as a mail program would."""

import re
import select
import socket

from imap_context import Context, Esearch


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


class Lines:
    """The octets of a socket by lines; knows whether there are any without waiting."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def peek_ready(self, patience):
        return bool(self.buffer) or bool(select.select([self.sock], [], [], patience)[0])

    def fill(self):
        more = self.sock.recv(65536)
        self.buffer += more
        return bool(more)

    def readline(self):
        while b"\n" not in self.buffer:
            if not self.fill():
                return b""
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line + b"\n"

    def read(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                break
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def close(self):
        pass


class Session:
    def __init__(self, port, user, password, name):
        self.name = name
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = Lines(self.sock)
        self.tag = 0
        self.mailbox = None
        self.cache = []
        self.running = None
        self.trace = []
        self.modseq = 0
        self.uid_validity = 0
        self.qresync = False
        self.notified = False
        self.status = {}  # What NOTIFY said of other mailboxes.
        self.contexts = {}  # By tag.
        self.result = []  # ALL of the last ESEARCH.
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
        if self.notified:
            self.drain()
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

    def append(self, mailbox, flags, octets, date=""):
        self.start(f"APPEND {mailbox} ({flags}){date} {{{len(octets)}}}")
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
    def drain(self, patience=0.0):
        """Takes what has come while no command was running (NOTIFY)."""
        while self.file.peek_ready(patience):
            text = self.response()
            if not text.startswith("* "):
                self.fail("not untagged: " + text)
            self.apply(text[2:])

    # --- searches that are kept up to date -----------------------------------------------------
    def watch(self, uid, order, key):
        """Begins a context, unless the server has enough of them."""
        context = Context(f"t{self.tag + 1}", uid, order, key)
        self.contexts[context.tag] = context
        untagged = self.ok(context.command("UPDATE ALL"))
        if any(text.startswith("NO [NOUPDATE") for text in untagged):
            del self.contexts[context.tag]

    def cancel(self, tag):
        self.contexts[tag].leaving = True
        self.ok(f'CANCELUPDATE "{tag}"')
        del self.contexts[tag]

    def check_contexts(self):
        """Everything has been told: each result is what the same search finds now."""
        for context in list(self.contexts.values()):
            self.result = []
            self.ok(context.command("ALL"))
            if context.numbers != self.result:
                self.fail(f"{context.command('UPDATE')}: kept {context.numbers}, found {self.result}")

    def esearch(self, text):
        answer = Esearch(text)
        context = self.contexts.get(answer.tag)
        if answer.tag == f"t{self.tag}" and not answer.changes:
            self.result = answer.all
            if context:
                context.numbers = answer.all
            return
        if context is None:
            self.fail("no such search: " + text)
        if answer.uid != context.uid:
            self.fail("the wrong kind of numbers: " + text)
        for word, position, numbers in answer.changes:
            known = {m.uid for m in self.cache} if context.uid else range(1, len(self.cache) + 1)
            unknown = context.uid and any(m.uid is None for m in self.cache)
            if not unknown and any(n not in known for n in numbers):
                self.fail("messages that were not told: " + text)
            try:
                context.change(word, position, numbers)
            except AssertionError as error:
                self.fail(str(error))

    def shrunk(self, number):
        for context in self.contexts.values():
            try:
                context.expunged(number)
            except AssertionError as error:
                self.fail(str(error))

    # --- what a client keeps ------------------------------------------------------------------
    def note_code(self, text):
        code = re.search(r"\[HIGHESTMODSEQ (\d+)\]", text)
        if code:
            self.modseq = max(self.modseq, int(code.group(1)))
        code = re.search(r"\[UIDVALIDITY (\d+)\]", text)
        if code:
            self.uid_validity = int(code.group(1))

    def select(self, mailbox, read_only=False):
        if self.mailbox is None:
            self.forget()  # Else at CLOSED: until then, all is about the old mailbox.
        tagged, _ = self.run(("EXAMINE " if read_only else "SELECT ") + mailbox)
        if tagged.startswith("OK"):
            self.mailbox = mailbox
            self.status.pop(mailbox, None)
        return tagged

    def forget(self):
        # While a mailbox is selected, NOTIFY says nothing of it as of others.
        self.status.pop(self.mailbox, None)
        self.mailbox = None
        self.cache = []
        self.modseq = 0
        self.contexts = {}

    def resync(self):
        """Selects the mailbox again and gets only what has changed (RFC 7162 §3.2.5). What was not told may
        be missing in the cache; what is in there must be right again afterwards."""
        mailbox, modseq, validity = self.mailbox, self.modseq, self.uid_validity
        old = {m.uid: m for m in self.cache if m.uid is not None and m.flags is not None}
        first_unknown = next((i for i, m in enumerate(self.cache) if m.uid not in old), None)
        if first_unknown is not None:
            old = {m.uid: m for m in self.cache[:first_unknown]}
        self.ok("UNSELECT")
        self.forget()
        self.resuming = old
        tagged, _ = self.run(f"SELECT {mailbox} (QRESYNC ({validity} {modseq}))")
        self.resuming = None
        if not tagged.startswith("OK"):
            self.fail(tagged)
        self.mailbox = mailbox
        kept = [old[uid] for uid in sorted(old)]
        if len(kept) > len(self.cache):
            self.fail(f"{len(kept)} messages left of {len(self.cache)}")
        for i, (was, now) in enumerate(zip(kept, self.cache)):
            if now.uid is None:
                self.cache[i] = was
            elif now.uid != was.uid:
                self.fail(f"message {i + 1} is {now.uid} and was {was.uid}")

    resuming = None

    def apply(self, text):
        self.note_code(text)
        word = text.split(" ", 2)
        if text.startswith("OK [CLOSED]"):
            self.forget()
        if word[0] == "VANISHED":
            self.vanished(text[len("VANISHED "):])
        if word[0] == "ESEARCH":
            self.esearch(text)
        if word[0] == "STATUS":
            self.note_status(text)
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
            self.shrunk(number)
            del self.cache[number - 1]
        elif word[1] == "FETCH":
            self.fetched(number, word[2])

    def note_status(self, text):
        found = re.match(r'STATUS ("[^"]*"|\S+) \((.*)\)$', text)
        items = found.group(2).split(" ")
        known = self.status.setdefault(found.group(1), {})
        known.update(zip(items[::2], items[1::2]))

    def may_shrink(self):
        if self.notified:
            return  # The server may have said it before the command reached it.
        verb = (self.running or "").removeprefix("UID ").split(" ")[0]
        if verb in QUIET:
            self.fail("a message removed during " + verb)

    def vanished(self, text):
        if text.startswith("(EARLIER) "):
            gone = uid_set(text[len("(EARLIER) "):])
            for uid in gone:
                (self.resuming or {}).pop(uid, None)
            self.cache = [m for m in self.cache if m.uid is None or m.uid not in gone]
            return
        self.may_shrink()
        gone = uid_set(text)
        for uid in sorted(gone - {m.uid for m in self.cache}):
            at = self.cache.index(self.unknown_at(uid))
            self.shrunk(at + 1)
            del self.cache[at]
        for i in reversed(range(len(self.cache))):
            if self.cache[i].uid in gone:
                self.shrunk(i + 1)
                del self.cache[i]

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
