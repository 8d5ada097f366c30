#!/usr/bin/env python3
"""Tests of the dialogue runner: it must pass what is right and fail what is wrong."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from match import Pattern, PatternError, expand_numbers  # noqa: E402

GREETING = b"* OK ready\r\n"


class FakeServer:
    """Plays a script to each connection in turn: bytes are sent, ("read", bytes) must be received,
    ("silence", bytes) must be received and nothing more for a while, "close" closes."""

    def __init__(self, *scripts):
        self.scripts, self.faults = scripts, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        threads = []
        for script in self.scripts:
            connection, _ = self.listener.accept()
            self.connections.append(connection)
            t = threading.Thread(target=self._play, args=(connection, script), daemon=True)
            t.start()
            threads.append(t)

    def _play(self, connection, script):
        connection.settimeout(3)
        for item in script:
            try:
                if item == "close":
                    connection.close()
                elif isinstance(item, bytes):
                    connection.sendall(item)
                else:
                    self._read(connection, *item)
            except OSError as e:
                self.faults.append(f"{item}: {e}")

    def _read(self, connection, what, wanted):
        got = b""
        while len(got) < len(wanted):
            more = connection.recv(len(wanted) - len(got))
            if not more:
                break
            got += more
        if got != wanted:
            self.faults.append(f"wanted {wanted!r}, got {got!r}")
        if what == "silence":
            connection.settimeout(0.2)
            try:
                self.faults.append(f"not silent: {connection.recv(100)!r}")
            except TimeoutError:
                connection.settimeout(3)


def run(dialogue, *scripts, options=(), files=()):
    """(exit code, output, faults of the fake server)."""
    server = FakeServer(*scripts)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in [("it.dlg", dialogue), *files]:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        ready = os.path.join(folder, "ready.json")
        with open(ready, "w", encoding="utf-8") as f:
            json.dump({kind: server.port for kind in ("imap", "lmtp", "submission", "pop3")}, f)
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "run.py"), "--ready", ready, "--timeout", "0.5",
             "--user-template", "u", *options, os.path.join(folder, "it.dlg")],
            capture_output=True, text=True, timeout=30, check=False)
    server.listener.close()
    for connection in server.connections:
        connection.close()
    return done.returncode, done.stdout + done.stderr, server.faults


class RunnerTest(unittest.TestCase):
    def passes(self, dialogue, *scripts, **more):
        code, output, faults = run(dialogue, *scripts, **more)
        self.assertEqual((code, faults), (0, []), output)
        self.assertIn("1 passed", output)

    def fails(self, words, dialogue, *scripts, **more):
        code, output, _ = run(dialogue, *scripts, **more)
        self.assertEqual(code, 1, output)
        self.assertIn("1 failed", output)
        self.assertIn(words, output)

    NOOP = "C: a1 NOOP\nS: a1 OK <+>\n"
    NOOP_SCRIPT = (GREETING, ("read", b"a1 NOOP\r\n"))

    def test_a_right_answer_passes(self):
        self.passes(self.NOOP, (*self.NOOP_SCRIPT, b"a1 OK done\r\n"))

    def test_a_wrong_answer_fails_and_says_where(self):
        self.fails("it.dlg:2: expected: a1 OK <+>", self.NOOP, (*self.NOOP_SCRIPT, b"a1 NO why\r\n"))
        self.fails("got:      a1 NO why", self.NOOP, (*self.NOOP_SCRIPT, b"a1 NO why\r\n"))
        self.fails("1 > a1 NOOP", self.NOOP, (*self.NOOP_SCRIPT, b"a1 NO why\r\n"))

    def test_silence_fails(self):
        self.fails("nothing in time", self.NOOP, self.NOOP_SCRIPT)

    def test_a_closed_connection_fails(self):
        self.fails("the end of the connection", self.NOOP, (*self.NOOP_SCRIPT, "close"))

    def test_an_unexpected_response_fails(self):
        self.fails("* 1 EXISTS", self.NOOP, (*self.NOOP_SCRIPT, b"* 1 EXISTS\r\na1 OK done\r\n"))

    def test_a_bad_greeting_fails(self):
        self.fails("no greeting", self.NOOP, (b"* NO way\r\n",))

    def test_a_skipping_line_skips(self):
        self.passes("C: a1 NOOP\nS*: a1 OK <*>\n",
                    (*self.NOOP_SCRIPT, b"* 1 EXISTS\r\na1 OK done\r\n"))

    def test_an_optional_line_may_come_or_not(self):
        dialogue = "C: a1 NOOP\nS?: * 1 EXISTS\nS: a1 OK <+>\n"
        self.passes(dialogue, (*self.NOOP_SCRIPT, b"* 1 EXISTS\r\na1 OK done\r\n"))
        self.passes(dialogue, (*self.NOOP_SCRIPT, b"a1 OK done\r\n"))
        self.fails("* 2 EXISTS", dialogue, (*self.NOOP_SCRIPT, b"* 2 EXISTS\r\na1 OK done\r\n"))

    GROUP = "C: a1 NOOP\nS{\nS: * 1 EXISTS\nS: * SEARCH\nS}\nS: a1 OK <+>\n"

    def test_a_group_takes_any_order(self):
        self.passes(self.GROUP, (*self.NOOP_SCRIPT, b"* 1 EXISTS\r\n* SEARCH\r\na1 OK x\r\n"))
        self.passes(self.GROUP, (*self.NOOP_SCRIPT, b"* SEARCH\r\n* 1 EXISTS\r\na1 OK x\r\n"))

    def test_a_group_needs_all_of_it_once(self):
        self.fails("in any order", self.GROUP, (*self.NOOP_SCRIPT, b"* 1 EXISTS\r\na1 OK x\r\n"))
        self.fails("in any order", self.GROUP,
                   (*self.NOOP_SCRIPT, b"* 1 EXISTS\r\n* 1 EXISTS\r\na1 OK x\r\n"))

    def test_captures_are_used_by_both_sides(self):
        dialogue = r"S: * OK <word=\w+>" + "\nC: a1 X <word>\nS: a1 OK <word>\n"
        self.passes(dialogue, (b"* OK pear\r\n", ("read", b"a1 X pear\r\n"), b"a1 OK pear\r\n"))
        self.fails("expected", dialogue,
                   (b"* OK pear\r\n", ("read", b"a1 X pear\r\n"), b"a1 OK plum\r\n"))

    def test_an_unknown_name_stands_for_itself(self):
        dialogue = "C: a1 NOOP\nS: a1 OK <nobody>\n"
        self.fails("it.dlg:2", dialogue, (*self.NOOP_SCRIPT, b"a1 OK x\r\n"))
        self.passes(dialogue, (*self.NOOP_SCRIPT, b"a1 OK <nobody>\r\n"))
        self.fails("%{nobody} was never captured", "C: a1 NOOP\nS: a1 OK <=%{nobody}>\n",
                   (*self.NOOP_SCRIPT, b"a1 OK x\r\n"))

    def test_recent_may_come_unless_strict(self):
        script = (*self.NOOP_SCRIPT, b"* 1 RECENT\r\na1 OK x\r\n")
        self.passes(self.NOOP, script)
        self.fails("* 1 RECENT", "!strict\n" + self.NOOP, script)
        self.passes("S*: * 1 RECENT\n", (b"* OK x\r\n* 1 RECENT\r\n",))

    def test_a_literal_equals_a_quoted_string(self):
        dialogue = 'C: a1 NOOP\nS: * 1 FETCH (BODY[] "a\\"b")\nS: a1 OK <+>\n'
        self.passes(dialogue, (*self.NOOP_SCRIPT, b'* 1 FETCH (BODY[] {3}\r\na"b)\r\na1 OK x\r\n'))
        self.passes(dialogue, (*self.NOOP_SCRIPT, b'* 1 FETCH (BODY[] "a\\"b")\r\na1 OK x\r\n'))
        self.fails("expected", dialogue,
                   (*self.NOOP_SCRIPT, b'* 1 FETCH (BODY[] {3}\r\naXb)\r\na1 OK x\r\n'))

    BLOCK = "C: a1 NOOP\nS: * 1 FETCH (BODY[] <<E UID 1)\none\n\ntwo <t@x>\nE\nS: a1 OK <+>\n"

    def test_an_expected_block_is_compared_octet_by_octet(self):
        right = b"* 1 FETCH (BODY[] {18}\r\none\r\n\r\ntwo <t@x>\r\n UID 1)\r\na1 OK x\r\n"
        self.passes(self.BLOCK, (*self.NOOP_SCRIPT, right))
        self.fails("expected", self.BLOCK, (*self.NOOP_SCRIPT, right.replace(b"one", b"oNe")))

    def test_a_short_literal_is_a_fault(self):
        self.fails("literal did not arrive", self.BLOCK,
                   (*self.NOOP_SCRIPT, b"* 1 FETCH (BODY[] {18}\r\none", "close"))

    APPEND = "C: a1 APPEND INBOX <<E\nhi\nE\nS: a1 OK <+>\n"

    def test_a_literal_waits_for_its_continuation(self):
        self.passes(self.APPEND, (GREETING, ("silence", b"a1 APPEND INBOX {4}\r\n"), b"+ go\r\n",
                                  ("read", b"hi\r\n\r\n"), b"a1 OK x\r\n"))

    def test_a_refused_literal_is_not_sent(self):
        self.passes(self.APPEND.replace("OK", "NO"),
                    (GREETING, ("silence", b"a1 APPEND INBOX {4}\r\n"), b"a1 NO x\r\n"))

    def test_a_continuation_that_never_comes_fails(self):
        self.fails("no continuation", self.APPEND, (GREETING,))

    def test_other_kinds_of_literal(self):
        self.passes("C: a1 X <<+%^E <<#70\n\\x00\\xff\nE\nS: a1 OK <+>\n",
                    (GREETING, ("silence", b"a1 X {2+}\r\n\x00\xff {70}\r\n"), b"+ go\r\n",
                     ("read", b"From: Ann Example <ann@example.org>\r\n"), b"a1 OK x\r\n"))

    def test_escapes_and_unfinished_lines(self):
        self.passes("C%: a1 NOOP\\r\\na2 NOOP\nC-: DO\nC: NE\nS: a1 OK <+>\n",
                    (GREETING, ("read", b"a1 NOOP\r\na2 NOOP\r\nDONE\r\n"), b"a1 OK x\r\n"))

    def test_long_sets(self):
        self.passes("C: a1 FETCH <odd 9> UID\nS: a1 OK <+>\n",
                    (GREETING, ("read", b"a1 FETCH 1,3,5,7 UID\r\n"), b"a1 OK x\r\n"))

    def test_base64(self):
        self.passes("C: <b64 \\0<user>\\0x>\nS: a1 OK <+>\n",
                    (GREETING, ("read", b"AHUAeA==\r\n"), b"a1 OK x\r\n"))

    def test_nothing_within(self):
        dialogue = "C: a1 NOOP\nS!: 100ms\n"
        self.passes(dialogue, self.NOOP_SCRIPT)
        self.fails("expected nothing", dialogue, (*self.NOOP_SCRIPT, b"* 1 EXISTS\r\n"))

    def test_end_of_connection(self):
        dialogue = "C: a1 NOOP\nS: EOF\n"
        self.passes(dialogue, (*self.NOOP_SCRIPT, "close"))
        self.fails("to be closed", dialogue, (*self.NOOP_SCRIPT, b"a1 OK x\r\n"))
        self.fails("to be closed", dialogue, self.NOOP_SCRIPT)

    def test_form_is_judged_in_every_response(self):
        for bad in (b"a1 OK\r\n", b"a1 OK [ALERT]\r\n", b"* 1 FETCH (UID 1 )\r\na1 OK x\r\n",
                    b"* 1 FETCH (MODSEQ (0))\r\na1 OK x\r\n", b"* OK [UIDNEXT 0] x\r\na1 OK x\r\n",
                    b"* ESEARCH (TAG a1)\r\na1 OK x\r\n", b"a1 OK x\n", b"+\r\na1 OK x\r\n",
                    b"* 1 FETCH (BODY[] {3}\r\na\0b)\r\na1 OK x\r\n"):
            self.fails("it.dlg:2:", "C: a1 NOOP\nS*: a1 OK<*>\n", (*self.NOOP_SCRIPT, bad))

    def test_nul_is_for_literal8(self):
        self.passes('C: a1 NOOP\nS: * 1 FETCH (BINARY[1] ~"a\\0b")\nS: a1 OK <+>\n',
                    (*self.NOOP_SCRIPT, b"* 1 FETCH (BINARY[1] ~{3}\r\na\0b)\r\na1 OK x\r\n"))

    def test_a_continuation_may_say_anything(self):
        self.passes(self.APPEND, (GREETING, ("read", b"a1 APPEND INBOX {4}\r\n"), b"+ OK\r\n",
                                  ("read", b"hi\r\n\r\n"), b"a1 OK x\r\n"))

    def test_two_connections(self):
        dialogue = "C: a1 NOOP\nC2: b1 NOOP\nS2: b1 OK <+>\nS: a1 OK <+>\n"
        second = (GREETING, ("read", b"b1 NOOP\r\n"), b"b1 OK x\r\n")
        self.passes(dialogue, (*self.NOOP_SCRIPT, b"a1 OK x\r\n"), second)
        self.fails("it.dlg:3", dialogue, (*self.NOOP_SCRIPT, b"a1 OK x\r\n"), self.NOOP_SCRIPT)

    def test_lmtp(self):
        self.passes("L: 220 <+>\nLMTP: LHLO <user>\nL: 250-<+>\nL: 250 OK\n",
                    (b"220 hi\r\n", ("read", b"LHLO u\r\n"), b"250-a\r\n250 OK\r\n"))

    def test_submission(self):
        self.passes("M: 220 <+>\nSMTP: EHLO <user>\nM: 250-<+>\nM: 250 OK\n",
                    (b"220 hi\r\n", ("read", b"EHLO u\r\n"), b"250-a\r\n250 OK\r\n"))

    def test_pop3(self):
        logged_in = (b"+OK hi\r\n", ("read", b"USER u\r\n"), b"+OK\r\n",
                     ("read", b"PASS secret\r\n"), b"+OK in\r\n")
        dialogue = "!pop\nPOP: TOP 1 0\nP: +OK <+>\nP: A: b\nP:\nP: .\nP: EOF\n"
        said = b"+OK top\r\nA: b\r\n\r\n.\r\n"
        self.passes(dialogue, (*logged_in, ("read", b"TOP 1 0\r\n"), said, "close"))
        self.fails("to be closed", dialogue, (*logged_in, ("read", b"TOP 1 0\r\n"), said + b"\r\n"))
        self.fails("it.dlg:5", dialogue, (*logged_in, b"+OK top\r\nA: b\r\n", "close"))
        self.fails("expected +OK", "!pop\n", (b"+OK hi\r\n", b"-ERR no\r\n"))

    def test_macros(self):
        self.passes("!login\n!mail INBOX (\\Seen) apples\n!do NOOP\n",
                    (GREETING, ("read", b"do1 LOGIN u secret\r\n"), b"do1 OK x\r\n",
                     ("read", b"do2 APPEND INBOX (\\Seen) {164}\r\n"), b"+ go\r\n",
                     ("read", b"From: Ann"), b"* 1 EXISTS\r\ndo2 OK x\r\ndo3 OK x\r\n"))
        self.fails("LOGIN was refused", "!login\n", (GREETING, b"do1 NO x\r\n"))
        self.fails("NOOP was not answered", "!do NOOP\n", (GREETING,))
        self.fails("no macro", "!dance\n", (GREETING,))

    def test_a_missing_capability_skips(self):
        script = (GREETING, ("read", b"do1 CAPABILITY\r\n"), b"* CAPABILITY IMAP4rev1\r\ndo1 OK x\r\n")
        code, output, _ = run("!need QUOTA\nC: a1 NOOP\nS: a1 OK never\n", script)
        self.assertEqual(code, 0)
        self.assertIn("1 skipped", output)

    def test_include(self):
        self.passes("!include more.inc\nS: a1 OK <+>\n", (*self.NOOP_SCRIPT, b"a1 OK x\r\n"),
                    files=[("more.inc", "C: a1 NOOP\n")])

    def test_one_byte_and_slow_reader(self):
        for option in ("--one-byte", "--slow-reader"):
            self.passes(self.BLOCK, (*self.NOOP_SCRIPT, b"* 1 FETCH (BODY[] {18}\r\none\r\n\r\ntwo "
                                     b"<t@x>\r\n UID 1)\r\na1 OK x\r\n"), options=[option])

    def test_nonsense_in_a_dialogue_fails(self):
        for bad in ("hello\n", "S{\nS: a\n", "S}\n", "C: a1 X <<E\nhi\n", "S: a <=(>\n"):
            self.fails("it.dlg:", bad, (GREETING,))

    def test_no_dialogues_is_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, os.path.join(HERE, "run.py"), folder],
                                  capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)

    def test_a_server_that_does_not_start_is_no_success(self):
        done = subprocess.run([sys.executable, os.path.join(HERE, "run.py"), "--server", "false",
                               __file__], capture_output=True, check=False)
        self.assertEqual(done.returncode, 2)


class PatternTest(unittest.TestCase):
    def check(self, pattern, yes, no):
        for text in yes:
            self.assertTrue(Pattern(pattern).match(text, {}), text)
        for text in no:
            self.assertFalse(Pattern(pattern).match(text, {}), text)

    def test_runs(self):
        self.check("a <*>b", ["a b", "a xb"], ["ab", "a c"])
        self.check("a <+>", ["a b"], ["a "])
        self.check("BODY[]<0> x@<y.z>", ["BODY[]<0> x@<y.z>"], ["BODY[]<1> x@<y.z>"])

    def test_sets(self):
        self.check("(<set a b>)", ["(a b)", "(b a)"], ["(a)", "(a b c)", "(a a)", "(a b b)"])
        self.check("(<set a 1|b 2>)", ["(a 1 b 2)", "(b 2 a 1)"], ["(a 2 b 1)", "(a 1)"])
        self.check(r"(<flags \Seen>)", [r"(\Seen)", r"(\Recent \Seen)"], ["()", r"(\Seen \Draft)"])
        self.check("(<flags >)", ["()", r"(\Recent)"], [r"(\Seen)"])

    def test_numbers(self):
        self.check("x <nums 1:3,5>", ["x 1:3,5", "x 5,3,2,1", "x 1:2,3,5"], ["x 1:5", "x 1:3", "x "])
        self.assertIsNone(expand_numbers("1:*"))

    def test_mistakes(self):
        with self.assertRaises(PatternError):
            Pattern("<=(>").match("x", {})
        with self.assertRaises(PatternError):
            Pattern("<nums x>").match("1", {})


if __name__ == "__main__":
    unittest.main()
