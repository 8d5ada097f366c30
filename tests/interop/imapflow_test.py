#!/usr/bin/env python3
"""Runs imapflow_test.js, with imapflow from npm in a folder of the build."""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "harness"))
from posthorn import PASSWORD, Server, expect, main, skip  # noqa: E402


def install():
    folder = os.path.abspath(os.environ.get("POSTHORN_NPM", os.path.join(HERE, "..", "..", "build", "npm")))
    module = os.path.join(folder, "node_modules", "imapflow")
    if not os.path.isdir(module):
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix",
                               folder, "imapflow@1"], check=False, capture_output=True, text=True,
                              timeout=300)
        if done.returncode != 0:
            skip(f"npm could not install imapflow: {done.stderr.strip()[-300:]}")
    return module


def test():
    if not shutil.which("node") or not shutil.which("npm"):
        skip("node and npm are not installed")
    module = install()
    with Server(engine="memory") as server:
        done = subprocess.run(["node", os.path.join(HERE, "imapflow_test.js")], check=False,
                              capture_output=True, text=True, timeout=120,
                              env={**os.environ, "IMAPFLOW": module, "PASSWORD": PASSWORD,
                                   "PORT": str(server.imaps_port)})
        expect(done.returncode == 0, done.stdout + done.stderr)


if __name__ == "__main__":
    main(test)
