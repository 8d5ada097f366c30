"""The rows of the table: what is run, how much of it, and what the goals are."""

import dataclasses

BOTH = ("dovecot", "dovecot-tuned", "posthorn")
# Where processes that stay make no difference, one Dovecot is enough; where one process a session
# does not come to an end in bearable time, the other is.
PLAIN = ("dovecot", "posthorn")
TUNED = ("dovecot-tuned", "posthorn")

VAST_USER = 7000
FLAG_USER = 9000


@dataclasses.dataclass
class Row:
    name: str
    title: str
    goal: float = 0  # How many times better than the better Dovecot; 0: no ratio was set.
    most: float = 0  # What Posthorn's value may be at most; 0: not set.
    most_p99: float = 0  # The same for the 99th of a hundred, in milliseconds.
    command: str = ""
    count: int = 1000
    quick_count: int = 200
    whole_mailbox: bool = False  # The count is the size of the large mailbox.
    vast: bool = False  # The count is that of the mailbox filled by COPY.
    same_seed: bool = False  # The content is what the mailbox was filled with.
    compared: bool = False  # All servers have to find the same.
    once: bool = False
    repeat: int = 5
    quick_repeat: int = 3
    seconds: float = 6
    quick_seconds: float = 2
    timeout: float = 600
    lower_is_better: bool = False
    restart: bool = False  # The servers are started anew before each measurement.
    measure: str = ""  # Which of the results of run.stored() is the value.
    unit: str = ""  # Of that.
    of: str = ""  # The row that has measured it already.
    prepare: str = ""  # A command of the load generator to run once before,
    prepare_options: dict = dataclasses.field(default_factory=dict)  # with other options.
    servers: tuple = BOTH
    quick_servers: tuple = ()  # If others.
    in_quick: bool = True
    user: int = VAST_USER
    limit: str = ""  # What bounds it in the end: sync, log, roundtrip, loopback or memory.

    def __post_init__(self):
        self.command = self.command or self.name

    def among(self, args):
        return self.quick_servers if args.quick and self.quick_servers else self.servers

    def number(self, args):
        if self.whole_mailbox:
            return args.messages
        if self.vast:
            return args.vast
        return self.quick_count if args.quick else self.count

    def options(self, args):
        """Of the load generator."""
        return {"count": self.number(args),
                "repeat": self.quick_repeat if args.quick else self.repeat,
                "seconds": self.quick_seconds if args.quick else self.seconds,
                "settle-ms": 4500 if args.quick else 8000, "user": self.user}


def read(name, title, goal, **more):
    usual = {"compared": True, "lower_is_better": True, "limit": "loopback", "seconds": 10,
             "quick_seconds": 4}
    return Row(name, title, goal, whole_mailbox=True, same_seed=True, **{**usual, **more})


def memory(name, sessions, tls, **more):
    """A server that has freed nothing yet that new sessions would get."""
    title = f"memory per IDLE session, {sessions:,} sessions{' with TLS' if tls else ''}"
    usual = {"seconds": 60, "quick_seconds": 8, "quick_servers": TUNED}
    return Row(name, title, most=32 if tls else 8, count=sessions, quick_count=sessions,
               command="idle-memory-tls" if tls else "idle-memory", lower_is_better=True, once=True,
               restart=True, timeout=300, **{**usual, **more})


def waiting(name, title, most, **more):
    return Row(name, title, most=most, lower_is_better=True, once=True, **more)


def people(messages, **more):
    return Row(f"people-{messages}", f"what 32 people do with {messages:,} messages each", 6,
               most_p99=25, count=200000, quick_count=200000, quick_seconds=3, **more)


def start(program, title, round_trips, in_quick=False):
    """A program that starts. The goal of its processor time is five times less than Dovecot's."""
    return Row(f"start-{program}", f"{title} ({round_trips} round trips)", 1, compared=True,
               lower_is_better=True, count=300, quick_count=40, seconds=8, in_quick=in_quick)


def stored(name, title, measure="disk_ratio", **more):
    usual = {"unit": "octets/octet", "seconds": 30, "quick_seconds": 4}
    return Row(name, title, measure=measure, lower_is_better=True, once=True, servers=PLAIN,
               **{**usual, **more})


def rows(args):
    few = 200 if args.quick else 1000
    return [
        memory("idle-memory", few, tls=False),
        memory("idle-memory-tls", few, tls=True),
        memory("idle-memory-10k", 10000, tls=False, servers=TUNED, in_quick=False),
        memory("idle-memory-10k-tls", 10000, tls=True, servers=TUNED, in_quick=False),
        waiting("fanout-10k", "the last of 10,000 idlers on one mailbox", 300, command="fanout",
                count=10000, seconds=120, timeout=300, servers=TUNED, in_quick=False, restart=True),
        Row("multiappend", "one connection fills a mailbox (MULTIAPPEND)", 10, whole_mailbox=True,
            same_seed=True, once=True, compared=True, restart=True, limit="log"),
        Row("lmtp-32", "LMTP delivery, 32 connections", 10, count=20000, quick_count=4000,
            limit="log"),
        Row("lmtp-20rcpt", "LMTP, 20 recipients each", 20, count=2000, quick_count=400,
            limit="log"),
        Row("append-32", "APPEND, 32 connections", 5, count=20000, quick_count=4000, limit="log"),
        Row("login", "connect, login, logout", 5, count=20000, quick_count=4000),
        waiting("idle-append", "APPEND to EXISTS at an idler", 2, most_p99=5, count=200,
                quick_count=40, seconds=8, limit="sync"),
        waiting("idle-lmtp", "LMTP to EXISTS at an idler", 2, most_p99=5, count=200,
                quick_count=40, seconds=8, limit="sync"),
        waiting("fanout-200", "the last of 200 idlers on one mailbox", 10, command="fanout",
                count=200, quick_count=200, seconds=40, quick_seconds=10, quick_repeat=1),
        read("select", "SELECT", 1, limit="roundtrip"),
        read("fetch-flags", "FETCH 1:* FLAGS", 5),
        read("fetch-envelope", "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", 10),
        read("fetch-bodystructure", "FETCH 1:* BODYSTRUCTURE", 4),
        read("fetch-headers", "FETCH 1:* six header fields", 4),
        read("fetch-bodies", "1,000 full bodies", 3, lower_is_better=False, repeat=20),
        read("fetch-random", "one random body", 3, limit="roundtrip"),
        read("search-unseen", "SEARCH UNSEEN", 15, repeat=15),
        read("search-from", "SEARCH FROM", 10),
        read("search-subject", "SEARCH SUBJECT", 10),
        read("search-body", "SEARCH BODY, no index", 4, repeat=1, quick_repeat=1, limit="memory"),
        read("sort-date", "SORT date", 5),
        read("sort-subject", "SORT subject", 3),
        read("thread", "THREAD REFERENCES", 4),
        read("store-flags", "STORE 1:* +FLAGS.SILENT", 3, compared=False, limit="sync"),
        Row("mixed-32", "mixed closed loop, 32 connections", 6, most_p99=25, count=200000,
            quick_count=200000, quick_seconds=3),
        people(50, in_quick=True),
        people(500, in_quick=True),
        people(5000, in_quick=False),
        start("thunderbird", "Thunderbird opens an account with 20 folders", 31, in_quick=True),
        start("phone", "a phone resumes with QRESYNC and 5 new messages", 7),
        start("webmail", "Roundcube's page of 50, with a login", 9),
        start("mbsync", "mbsync finds nothing new in 30 folders", 94),
        start("imapflow", "imapflow fetches 5 new messages whole", 7),
        Row("open-vast", f"after a restart: log in, SELECT, FETCH 1:* FLAGS of {args.vast:,}", 3,
            vast=True, compared=True, lower_is_better=True, restart=True, servers=TUNED,
            prepare="fill-vast", prepare_options={"seconds": 300}, limit="loopback"),
        stored("disk-text", "octets on disk for each of text mail", most=0.45, count=4000,
               quick_count=800, command="store-text"),
        stored("disk-dense", "octets on disk for each of mail with dense attachments", most=0.8,
               count=300, quick_count=40, command="store-dense"),
        stored("disk-twenty", "octets on disk for each delivered, twenty recipients", goal=10,
               count=500, quick_count=100, command="store-twenty"),
        stored("written-mail", "octets written for each of text mail delivered", "written_ratio",
               of="disk-text"),
        stored("written-flag", "octets written for each flag change", "written_ratio",
               unit="octets/change", count=2000, quick_count=400, command="change-flags",
               user=FLAG_USER,
               prepare="fill-vast", prepare_options={"count": 200, "seconds": 60}),
    ]
