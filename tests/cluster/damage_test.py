"""A store in a Ceph cluster (POSTHORN_CEPH_CONF) that cannot be used, or not all of it: each fault ends in a message that
says what is wrong, and never in wrong mail."""
import imaplib
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cluster import (USER, Node, ceph, expect, message, need_cluster, new_namespace, objects, ok, rados, subjects)  # noqa: E402
from posthorn import Lmtp, main  # noqa: E402


def says(words, folder, namespace=None, **changed):
    node = Node(os.path.join(folder, "wrong"), namespace or new_namespace("wrong"), **changed)
    said = node.run("serve", code=1)
    expect(words in said, f"instead of '{words}': {said}")


def what_is_no_store_of_ours(folder):
    says("there is no pool 'nowhere' (storage.rados.pool)", folder, **{"storage.rados.pool": "nowhere"})
    says("Ceph's configuration '/nowhere' (storage.rados.conf) cannot be read", folder,
         **{"storage.rados.conf": "/nowhere"})

    # A user without a keyring, with another key than the cluster has, and with too few rights.
    keyring = os.path.join(folder, "keyring")
    conf = os.path.join(folder, "ceph.conf")
    with open(os.environ["POSTHORN_CEPH_CONF"], encoding="utf-8") as f:
        lines = [line for line in f if not line.startswith("keyring = ")]
    with open(conf, "w", encoding="utf-8") as f:
        f.writelines(lines)
        f.write(f"[client]\nkeyring = {keyring}\n")
    user = {"storage.rados.conf": conf, "storage.rados.user": "posthorn"}
    says("there is no readable keyring for client.posthorn", folder, **user)
    ceph("auth", "get-or-create", "client.posthorn", "mon", "allow r")
    subprocess.run(["ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "client.posthorn"], check=True,
                   capture_output=True)
    says("the Ceph cluster refuses the user client.posthorn", folder, **user)
    ceph("auth", "get", "client.posthorn", "-o", keyring)
    says("client.posthorn may not use the pool 'mail'", folder, **user)
    # Those that docs/clustering.md names are enough.
    granted = new_namespace("granted")
    ceph("auth", "caps", "client.posthorn", "mon", "allow r", "osd",
         f"allow rwx pool=mail namespace={granted}, allow rwx pool=bodies namespace={granted}")
    Node(os.path.join(folder, "granted"), granted, **user).start().stop()

    foreign = new_namespace("foreign")
    rados(foreign, "mail", "create", "rbd_directory")
    says("has objects of another program, or the rest of a store, such as 'rbd_directory'", folder, foreign)
    expect(objects(foreign, "mail", "") .count("posthorn") == 0, "nothing is written to a namespace that is not ours")

    newer = new_namespace("newer")
    node = Node(os.path.join(folder, "newer"), newer)
    node.start().stop()
    rados(newer, "mail", "setomapval", "posthorn", "format", "3")
    says("the store was written by a newer version of Posthorn (format 3", folder, newer)
    rados(newer, "mail", "setomapval", "posthorn", "format", "1")
    says("the pool 'mail' (storage.rados.body_pool) is not the one", folder, newer, **{"storage.rados.body_pool": ""})


def largest(namespace, pool, prefix):
    def size(name):
        return int(rados(namespace, pool, "stat", name).decode().split("size ")[1])
    return max(objects(namespace, pool, prefix), key=size)


def largest_account(namespace):
    """The object with the most rows: the account, since there is only one."""
    return max(objects(namespace, "mail", "a."),
               key=lambda name: rados(namespace, "mail", "listomapkeys", name).count(b"\n"))


def damaged_mail(folder):
    """The bytes of a message, a row and a header, each spoiled by hand."""
    namespace = new_namespace("damage")
    node = Node(os.path.join(folder, "node"), namespace).start()
    node.add_account(USER)
    lmtp = Lmtp(node.lmtp_port)
    for number, size in enumerate([200, 200_000, 300]):
        expect(lmtp.deliver(message(number, size), USER) == [250], "LMTP")
    expect(subjects(node.imap()) == [0, 1, 2], "what was delivered is shown")
    node.stop()

    piece = largest(namespace, "bodies", "b.")
    whole = rados(namespace, "bodies", "get", piece, "-")
    rados(namespace, "bodies", "put", piece, "-", given=whole[:1000] + b"damage" + whole[1006:])
    node.start()
    client = node.imap()
    expect(subjects(client) == [0, 1, 2], "the list is not touched by damage to a body")
    answer = client.fetch("2", "(BODY.PEEK[])")
    expect(answer[0] == "NO" and b"CORRUPTION" in answer[1][0], f"a damaged body: {answer}")
    ok(client.fetch("1,3", "(BODY.PEEK[])"))
    expect("UID 2 cannot be read" in node.log(), f"the damage is logged: {node.log()}")
    client.logout()
    node.stop()
    said = node.run("check", "--deep", code=3)
    expect(USER in said, f"check names what is damaged: {said}")
    rados(namespace, "bodies", "put", piece, "-", given=whole)
    node.run("check", "--deep")

    rados(namespace, "bodies", "rm", piece)
    node.start()
    client = node.imap()
    subjects(client)
    answer = client.fetch("2", "(BODY.PEEK[])")
    expect(answer[0] == "NO", f"a body that is gone: {answer}")
    client.logout()
    node.stop()
    node.run("check", "--deep", code=3)
    return node, namespace


def rows_removed(node, namespace):
    """The row of a message, and the header of the account."""
    account = largest_account(namespace)
    rows = rados(namespace, "mail", "listomapkeys", account)
    print(rows)
    header = os.path.join(node.folder, "header")
    rados(namespace, "mail", "getomapval", account, "h", header)
    rados(namespace, "mail", "rmomapkey", account, "h")
    node.start()
    try:
        node.imap()
        words = "a login"
    except imaplib.IMAP4.error as error:
        words = str(error)
    expect("CORRUPTION" in words, f"an account without its header: {words}")
    node.stop()
    said = node.run("check", code=3)
    expect("The version of the account is lost" in said, said)
    with open(header, "rb") as f:
        rados(namespace, "mail", "setomapval", account, "h", given=f.read())
    node.start()
    expect(subjects(node.imap()) == [0, 1, 2], "the mail is as it was")
    node.stop()


def test():
    need_cluster()
    with tempfile.TemporaryDirectory() as folder:
        what_is_no_store_of_ours(folder)
        rows_removed(*damaged_mail(folder))


main(test)
