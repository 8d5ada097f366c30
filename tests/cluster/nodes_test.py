"""Whole servers with one store in a Ceph cluster (POSTHORN_CEPH_CONF): what one takes in, the other shows; and a server
that is killed loses nothing that was acknowledged."""
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import (USER, Node, expect, message, need_cluster, new_namespace, ok, rados, subjects,  # noqa: E402
                     wait_for)
from posthorn import Lmtp, main  # noqa: E402


def two_nodes(folder):
    namespace = new_namespace("nodes")
    one = Node(os.path.join(folder, "one"), namespace)
    two = Node(os.path.join(folder, "two"), namespace)
    one.start()
    one.add_account(USER)
    lmtp = Lmtp(one.lmtp_port)
    sizes = [200, 20_000, 300_000, 2_000_000]
    for number, size in enumerate(sizes):
        expect(lmtp.deliver(message(number, size), USER) == [250], "LMTP")
    expect(subjects(one.imap()) == [0, 1, 2, 3], "what was delivered is shown")

    # Another machine has it all, octet by octet, and hears of what comes.
    two.start()
    reader = two.imap()
    expect(subjects(reader) == [0, 1, 2, 3], "the other server shows what was delivered")
    whole = ok(reader.fetch("4", "(BODY.PEEK[])"))[0][1]
    expect(whole.endswith(message(3, sizes[3]).split(b"\r\n\r\n", 1)[1]), "the large message is whole")
    writer = one.imap()
    ok(writer.append("INBOX", None, None, message(4)))
    late = two.imap()
    took = wait_for("APPEND on one server is not seen on the other", lambda: subjects(late) == [0, 1, 2, 3, 4])
    heard = wait_for("a session that was open does not hear of it",
                     lambda: reader.noop()[0] == "OK" and int(ok(reader.fetch("*", "(UID)"))[0].split()[0]) == 5)
    print(f"seen on the other server after {1000 * took:.0f} ms, by an open session after {1000 * heard:.0f} ms")

    # Both change the same mailbox.
    ok(writer.select("INBOX"))
    for i in range(10):
        ok(writer.store("1", "+FLAGS", f"(w{i})"))
        ok(reader.store("2", "+FLAGS", f"(r{i})"))
        ok((writer if i % 2 else reader).append("INBOX", None, None, message(5 + i)))
    expect(sorted(subjects(one.imap())) == list(range(15)), "every APPEND of both is there once")

    # Each has a part of the upkeep.
    def listed(node):
        return [json.loads(line) for line in node.run("node", "list", "--json").splitlines()]
    wait_for("the servers do not see each other", lambda: len(listed(one)) == 2 and len(listed(two)) == 2, 60)
    seen = listed(one)
    expect(sum(node["shards"] for node in seen) == 64 and all(node["lives"] for node in seen), f"the list: {seen}")
    expect(str(listed(two)[0]["node"]) in one.run("node", "list"), "a list for people")

    # Nothing is heard, since the object that all watch is gone: commands that promise to be current look by themselves.
    others = one.imap()
    for i in range(5):
        rados(namespace, "mail", "rm", "bells")
        ok(writer.append("INBOX", None, None, message(50 + i)))
        status = ok(late.status("INBOX", "(MESSAGES)"))[0]
        expect(f"MESSAGES {16 + i})".encode() in status, f"STATUS on the other server: {status}")
        expect(int(ok(late.select("INBOX"))[0]) == 16 + i, "SELECT on the other server")
        ok(others.create(f"made-{i}"))
        ok(late.select(f"made-{i}"))
        expect(f"made-{i}" in str(ok(late.list())), "LIST on the other server")

    # Killed in the middle of deliveries.
    taken = []
    for number in range(100, 130):
        if number == 115:
            one.kill()
        try:
            if lmtp.deliver(message(number), USER) == [250]:
                taken.append(number)
        except (ConnectionError, OSError):
            break
    # The bell of the last one may have died with the server; the other looks by itself every 30 s.
    took = wait_for(f"acknowledged {taken}, not on the other server",
                    lambda: [n for n in subjects(two.imap()) if n >= 100] == taken, 60)
    print(f"what a killed server had acknowledged was seen on the other after {1000 * took:.0f} ms")
    one.start()
    wanted = sorted([*range(15), *range(50, 55), *taken])
    expect(sorted(subjects(one.imap())) == wanted, "everything acknowledged is there after the restart")
    one.stop()
    two.stop()
    expect(sorted(subjects(one.start().imap())) == wanted, "and after a restart in order")
    one.stop()
    one.run("check", "--deep")


def test():
    need_cluster()
    with tempfile.TemporaryDirectory() as folder:
        two_nodes(folder)


main(test)
