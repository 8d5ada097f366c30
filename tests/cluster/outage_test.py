"""A Ceph cluster (POSTHORN_CEPH_CONF) that is full, or does not answer: changes are refused in time, what can be read is
read, and afterwards everything that was acknowledged is there."""
import os
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import (USER, Node, ceph, expect, message, need_cluster, new_namespace, ok, rados, subjects,  # noqa: E402
                     wait_for)
from posthorn import Lmtp, main  # noqa: E402


def set_ratios(nearfull, backfillfull, full_ratio):
    """An OSD takes the highest of the three for the limit at which it is full."""
    ceph("osd", "set-nearfull-ratio", str(nearfull))
    ceph("osd", "set-backfillfull-ratio", str(backfillfull))
    ceph("osd", "set-full-ratio", str(full_ratio))


def full(node):
    client = node.imap()
    expect(len(subjects(client)) == 3, "three messages")
    ok(client.create("Elsewhere"))
    ok(client.copy("1:3", "Elsewhere"))
    # Far more than the limit that follows; mail is compressed and takes too little.
    rados("filler", "mail", "put", "filler", "-", given=os.urandom(8 << 20))
    set_ratios(0.0001, 0.0002, 0.0003)
    try:
        lmtp = Lmtp(node.lmtp_port)
        late = [3]

        def refused():
            code = lmtp.deliver(message(late[-1], 100_000), USER)[0]
            if code == 250:
                late.append(late[-1] + 1)
            return code != 250
        wait_for("deliveries go on in a full cluster", refused, 60)
        expect(lmtp.deliver(message(90, 100_000), USER)[0] // 10 == 45, "LMTP answers with 45x")
        answer = client.append("INBOX", None, None, message(91, 100_000))
        expect(answer[0] == "NO" and b"UNAVAILABLE" in answer[1][0], f"APPEND: {answer}")
        expect(len(subjects(client)) == len(late) + 2, "reading goes on")
        # Octets that are new, octets that are stored already, and a body that is a row: none is taken.
        noise = "\r\n".join(os.urandom(30).hex() for _ in range(2000))
        for body in (noise, "0123456789abcdef\r\n" * 5000, "short"):
            octets = b"Subject: number 93\r\n\r\n" + body.encode() + b"\r\n"
            expect(lmtp.deliver(octets, USER)[0] // 10 == 45, f"{len(octets)} octets are taken")
        ok(client.store("1", "+FLAGS", "(\\Deleted)"))
        ok(client.expunge())
        # Many, which takes pages.
        ok(client.delete("Elsewhere"))
    finally:
        set_ratios(0.85, 0.90, 0.95)
        rados("filler", "mail", "rm", "filler")
    wait_for("no delivery once there is room again",
             lambda: Lmtp(node.lmtp_port).deliver(message(92), USER) == [250], 60)
    expect(sorted(subjects(client)) == sorted([1, 2, *late[:-1], 92]), "what was acknowledged, and nothing else")
    client.logout()


def hung(node):
    """Two of three OSDs stop, which is more than the pools bear."""
    cluster = os.path.dirname(os.environ["POSTHORN_CEPH_CONF"])
    daemons = []
    for name in ("osd1", "osd2"):
        with open(os.path.join(cluster, f"{name}.pid"), encoding="utf-8") as f:
            daemons.append(int(f.read()))
    client = node.imap()
    before = subjects(client)
    for daemon in daemons:
        os.kill(daemon, signal.SIGSTOP)
    try:
        # A write is given up after 40 s, and finding out what became of it after 20 s more. A command that looks for
        # what is new first is refused after 20 s if that is not answered. Which it is depends on where Ceph keeps the
        # account.
        begun = time.monotonic()
        answer = client.append("INBOX", None, None, message(200))
        took = time.monotonic() - begun
        expect(answer[0] == "NO" and b"UNAVAILABLE" in answer[1][0], f"APPEND: {answer}")
        expect(took < 70, f"APPEND was answered after {took:.0f} s")
        begun = time.monotonic()
        answer = client.store("1", "+FLAGS", "(late)")
        stored = time.monotonic() - begun
        expect(answer[0] == "NO" and b"UNAVAILABLE" in answer[1][0], f"STORE: {answer}")
        expect(stored < 70, f"STORE was answered after {stored:.0f} s")
        expect(max(took, stored) > 35, f"no write was waited for: {took:.0f} s, {stored:.0f} s")
        # What cannot fail does not.
        expect(client.noop()[0] == "OK", "NOOP")
        begun = time.monotonic()
        lmtp = Lmtp(node.lmtp_port)
        lmtp.socket.settimeout(120)
        code = lmtp.deliver(message(201), USER)[0]
        expect(code // 10 == 45 and time.monotonic() - begun < 100, f"LMTP: {code} after {time.monotonic() - begun} s")
        print(f"a cluster that does not answer: APPEND refused after {took:.0f} s, STORE after {stored:.0f} s, "
              f"LMTP after {time.monotonic() - begun:.0f} s")
    finally:
        for daemon in daemons:
            os.kill(daemon, signal.SIGCONT)

    def works():
        try:
            return Lmtp(node.lmtp_port).deliver(message(202), USER) == [250]
        except OSError:
            return False
    took = wait_for("no delivery after the cluster is back", works, 120)
    print(f"deliveries go on {took:.0f} s after the cluster is back")
    # What was refused may have been stored nevertheless, but whole and not twice.
    after = subjects(node.imap())
    expect(set(before) <= set(after) and 202 in after and len(set(after)) == len(after), f"{before}, then {after}")


def test():
    need_cluster()
    with tempfile.TemporaryDirectory() as folder:
        node = Node(os.path.join(folder, "node"), new_namespace("outage")).start()
        node.add_account(USER)
        for number in range(3):
            expect(Lmtp(node.lmtp_port).deliver(message(number, 100_000), USER) == [250], "LMTP")
        full(node)
        hung(node)
        node.stop()
        node.run("check", "--deep")


main(test)
