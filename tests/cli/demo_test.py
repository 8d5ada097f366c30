#!/usr/bin/env python3
"""`posthorn demo` offers every listener that a server can have, and its ready file names each under its key."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import expect, main, program  # noqa: E402


def keys():
    """What there is under [listen] in the configuration, and what begins there with a socket's path."""
    text = subprocess.run([program(), "config", "example"], check=True, capture_output=True, text=True, timeout=60).stdout
    section = re.search(r"^#?\[listen\]\n(.*?)^#?\[", text, flags=re.MULTILINE | re.DOTALL)[1]
    found = dict(re.findall(r"^#?\s*(\w+) = (.*)$", section, flags=re.MULTILINE))
    ports = {key for key, value in found.items() if value.startswith("[")}
    sockets = {key for key in found if key.endswith("_socket")}
    expect(ports >= {"imap", "metrics", "https"} and sockets >= {"auth_socket", "map_socket", "policy_socket"}, found)
    return ports, sockets


def test():
    ports, sockets = keys()
    with tempfile.TemporaryDirectory() as folder:
        ready = os.path.join(folder, "ready.json")
        command = [program(), "demo", "--dir", os.path.join(folder, "data"), "--engine", "memory", "--empty", "--quiet",
                   "--ready-file", ready]
        for key in sorted(ports):
            command += [f"--{key}", "127.0.0.1:0"]
        # The admin socket has its usual place.
        for key in sorted(sockets - {"admin_socket"}):
            command += ["--" + key.replace("_", "-"), os.path.join(folder, key)]
        # pylint: disable-next=consider-using-with
        demo = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            while not os.path.exists(ready):
                expect(demo.poll() is None and time.monotonic() < deadline, "it did not start")
                time.sleep(0.05)
            with open(ready, encoding="utf-8") as f:
                at = json.load(f)
            expect(set(at) == ports | sockets | {"pid"}, f"the ready file has {sorted(at)}")
            expect(at["pid"] == demo.pid, at)
            expect(len({at[key] for key in ports}) == len(ports) and all(at[key] > 0 for key in ports), at)
            for key in ports:
                socket.create_connection(("127.0.0.1", at[key]), timeout=60).close()
            for key in sockets:
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(at[key])
            with urllib.request.urlopen(f"http://127.0.0.1:{at['metrics']}/metrics", timeout=60) as page:
                expect(b"posthorn_build_info" in page.read(), "no metrics")
        finally:
            demo.terminate()
            demo.wait(60)


if __name__ == "__main__":
    main(test)
