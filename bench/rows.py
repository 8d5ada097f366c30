"""The rows of the table: what is run, how much of it, and which ratio is the goal."""

import dataclasses
import resource


@dataclasses.dataclass
class Row:
    name: str
    title: str
    goal: float  # How many times better than the better Dovecot; 0: no ratio was set.
    command: str = ""
    count: int = 1000
    quick_count: int = 200
    whole_mailbox: bool = False  # The count is the size of the large mailbox.
    same_seed: bool = False  # The content is what the mailbox was filled with.
    compared: bool = False  # All servers have to find the same.
    once: bool = False
    repeat: int = 5
    quick_repeat: int = 3
    seconds: float = 10
    quick_seconds: float = 4
    timeout: float = 900
    lower_is_better: bool = False
    restart: bool = False  # The servers are started anew before each measurement.

    def __post_init__(self):
        self.command = self.command or self.name

    def options(self, args):
        count = self.quick_count if args.quick else self.count
        if self.whole_mailbox:
            count = args.messages
        return ["--count", str(count),
                "--repeat", str(self.quick_repeat if args.quick else self.repeat),
                "--seconds", str(self.quick_seconds if args.quick else self.seconds),
                "--settle-ms", "7000" if args.quick else "10000"]


def read(name, title, goal, **more):
    usual = {"compared": True, "lower_is_better": True}
    return Row(name, title, goal, whole_mailbox=True, same_seed=True, **{**usual, **more})


def rows(args):
    many = min(10000, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)
    idle = 200 if args.quick else 1000
    out = [
        # First, in a server that has freed no memory yet that new sessions would get.
        Row("idle-memory", f"memory per IDLE session, {idle} sessions", 0, count=idle,
            quick_count=idle, lower_is_better=True, once=True),
        Row("multiappend", "one connection fills a mailbox (MULTIAPPEND)", 10, whole_mailbox=True,
            same_seed=True, once=True, compared=True),
        Row("lmtp-32", "LMTP delivery, 32 connections", 10, count=20000, quick_count=4000),
        Row("lmtp-20rcpt", "LMTP, 20 recipients each", 20, count=2000, quick_count=400),
        Row("append-32", "APPEND, 32 connections", 5, count=20000, quick_count=4000),
        Row("login", "connect, login, logout", 5, count=20000, quick_count=4000),
        Row("idle-latency", "APPEND to EXISTS at an idler", 0, count=50, quick_count=10,
            lower_is_better=True),
        Row("fanout-200", "the last of 200 idlers on one mailbox", 0, command="fanout", count=200,
            quick_count=200, lower_is_better=True),
        read("select", "SELECT", 1),
        read("fetch-flags", "FETCH 1:* FLAGS", 5),
        read("fetch-envelope", "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)", 10),
        read("fetch-bodystructure", "FETCH 1:* BODYSTRUCTURE", 4),
        read("fetch-headers", "FETCH 1:* six header fields", 4),
        read("fetch-bodies", "1,000 full bodies", 3, lower_is_better=False),
        read("fetch-random", "one random body", 3),
        read("search-unseen", "SEARCH UNSEEN", 15, repeat=15),
        read("search-from", "SEARCH FROM", 10),
        read("search-subject", "SEARCH SUBJECT", 10),
        read("search-body", "SEARCH BODY, no index", 4, repeat=2, quick_repeat=1),
        read("sort-date", "SORT date", 5),
        read("sort-subject", "SORT subject", 3),
        read("thread", "THREAD REFERENCES", 4),
        read("store-flags", "STORE 1:* +FLAGS.SILENT", 3, compared=False),
        Row("mixed-32", "mixed closed loop, 32 connections", 6, count=200000, quick_count=200000),
        read("open", "after a restart: log in, SELECT, FETCH 1:* FLAGS", 3, restart=True),
    ]
    if not args.quick and many >= 5000:
        out.append(Row("idle-memory-many", f"memory per IDLE session, {many} sessions", 0,
                       command="idle-memory", count=many, lower_is_better=True, once=True))
    return out
