"""Two servers with one store in a Ceph cluster (POSTHORN_CEPH_CONF) and one relay: every message is sent once, by whichever
server; and what waits at a server that stops is sent by the other."""
import os
import smtplib
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import SECRET, USER, Node, expect, need_cluster, new_namespace, wait_for  # noqa: E402
from posthorn import main  # noqa: E402
from sink import Sink, free_port  # noqa: E402

FAR = "far@example.net"
SLOW = "slow@example.net"


def node_at(folder, namespace, sink):
    limits = {f"submission.{name}": "0" for name in ("messages_per_hour", "messages_per_day", "recipients_per_hour",
                                                     "recipients_per_day")}
    return Node(folder, namespace, **{"listen.submission": f"127.0.0.1:{free_port()}", "domains": "example.org",
                                      "relay.host": "127.0.0.1", "relay.port": str(sink.port), "relay.tls": "none",
                                      "relay.retry_first": "1s", "relay.retry_longest": "2s", **limits})


def submit(node, token, recipient):
    with smtplib.SMTP("127.0.0.1", node.ports["submission"], timeout=60) as smtp:
        smtp.login(USER, SECRET)
        smtp.sendmail(USER, [recipient], f"From: {USER}\r\nTo: {recipient}\r\nSubject: {token}\r\n\r\nHello.\r\n")


def copies(sink):
    count = {}
    for message in sink.kept():
        token = message.octets.split(b"Subject: ", 1)[1].split(b"\r\n", 1)[0].decode()
        count[token] = count.get(token, 0) + 1
    return count


def once_each(sink, tokens):
    return copies(sink) == {token: 1 for token in tokens}


def both_at_once(nodes, sink):
    sink.replies[SLOW] = "451 4.3.0 later"
    tokens = []

    def some(number):
        for i in range(15):
            token = f"token-{number}-{i}"
            submit(nodes[number], token, SLOW if i % 3 == 0 else FAR)
            tokens.append(token)
    threads = [threading.Thread(target=some, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(len(tokens) == 30, "all were accepted")
    sink.replies.clear()
    took = wait_for(f"{len(copies(sink))} of 30 were sent", lambda: len(copies(sink)) == 30, 60)
    wait_for("the queue did not become empty", lambda: all(node.run("queue", "list") == "" for node in nodes), 30)
    expect(once_each(sink, tokens), f"each is sent once: {copies(sink)}")
    print(f"30 messages of two servers were sent, once each, {took:.0f} s after the relay took all")


def handed_over(nodes, sink):
    sent = set(copies(sink))
    sink.replies[SLOW] = "451 4.3.0 later"
    for i in range(5):
        submit(nodes[0], f"waits-{i}", SLOW)
    nodes[0].stop()
    expect(set(copies(sink)) == sent, "nothing was sent while the relay refused it")
    sink.replies.clear()
    tokens = sent | {f"waits-{i}" for i in range(5)}
    took = wait_for("what waited at a server that stopped is not sent by the other",
                    lambda: set(copies(sink)) == tokens, 60)
    expect(once_each(sink, tokens), f"each is sent once: {copies(sink)}")
    print(f"what waited at a server that stopped was sent by the other after {took:.0f} s")


def test():
    need_cluster()
    with tempfile.TemporaryDirectory() as folder, Sink() as sink:
        namespace = new_namespace("queue")
        nodes = [node_at(os.path.join(folder, str(number)), namespace, sink) for number in range(2)]
        nodes[0].start()
        nodes[0].add_account(USER)
        nodes[1].start()
        both_at_once(nodes, sink)
        handed_over(nodes, sink)
        nodes[1].stop()
        nodes[1].run("check", "--deep")


main(test)
