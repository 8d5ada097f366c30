#!/usr/bin/env python3
"""The Debian package in a fresh root: install, upgrade, remove, purge. Needs root, mmdebstrap and a mirror; `make test-deb`.

usage: deb_test.py FOLDER   with the package that `make deb` has made
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile


def run(*command, code=0, **more):
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=1800, **more)
    if done.returncode != code:
        sys.exit(f"FAILED: {' '.join(command)}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(condition, words):
    if not condition:
        raise SystemExit(f"FAILED: {words}")


class Root:
    """A Debian system in a folder, without a running systemd, with what the package depends on."""

    def __init__(self, folder, deb):
        self.path = os.path.join(folder, "root")
        depends = re.findall(r"(?:^|, )([a-z0-9.+-]+)", run("dpkg-deb", "-f", deb, "Depends"))
        run("mmdebstrap", "--variant=minbase", f"--include={','.join(depends)}", "bookworm", self.path)
        run("mount", "-t", "proc", "proc", self.path + "/proc")  # systemd-tmpfiles works through it.

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        run("umount", self.path + "/proc")

    def run(self, *command, **more):
        return run("chroot", self.path, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *command, **more)

    def has(self, path):
        return os.path.lexists(self.path + path)

    def install(self, deb):
        shutil.copy(deb, os.path.join(self.path, "tmp"))
        self.run("dpkg", "-i", "/tmp/" + os.path.basename(deb))


def older(deb, folder):
    """The same package with the version of an earlier one."""
    tree = os.path.join(folder, "older")
    run("dpkg-deb", "-R", deb, tree)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control, encoding="utf-8") as f:
        text = f.read()
    with open(control, "w", encoding="utf-8") as f:
        f.write(re.sub(r"^Version: .*$", "Version: 0.0.1-1", text, flags=re.MULTILINE))
    made = os.path.join(folder, "posthorn_older.deb")
    run("dpkg-deb", "--root-owner-group", "-b", tree, made)
    return made


def test(packages):
    debs = [path for path in glob.glob(os.path.join(packages, "posthorn_*.deb"))]
    expect(len(debs) == 1, f"one package, not {debs}")
    said = subprocess.run(["lintian", "--fail-on", "error", debs[0]], check=False, capture_output=True, text=True,
                          timeout=600)
    expect(said.returncode == 0, f"lintian: {said.stdout}{said.stderr}")
    print(said.stdout, end="")
    with tempfile.TemporaryDirectory() as folder, Root(folder, debs[0]) as root:
        root.install(older(debs[0], folder))
        expect("posthorn" in root.run("getent", "passwd", "posthorn"), "the user")
        for path in ("/usr/bin/posthorn", "/usr/libexec/posthorn/posthorn-extract", "/etc/posthorn/posthorn.toml",
                     "/usr/lib/systemd/system/posthorn.service",
                     "/usr/share/man/man1/posthorn.1.gz", "/usr/share/bash-completion/completions/posthorn",
                     "/usr/lib/sysusers.d/posthorn.conf", "/usr/lib/tmpfiles.d/posthorn.conf"):
            expect(root.has(path) or root.has(path.replace("/usr/lib", "/lib")), f"{path} is missing")
        expect(not glob.glob(root.path + "/etc/systemd/system/*.wants/posthorn*"), "the server would start by itself")
        # Mail, as an operator's server would have it.
        data = os.stat(root.path + "/var/lib/posthorn")
        expect(data.st_mode & 0o777 == 0o700, f"the data directory: {oct(data.st_mode)}")
        root.run("runuser", "-u", "posthorn", "--", "posthorn", "--config", "/tmp/x.toml", "--data-dir",
                 "/var/lib/posthorn", "init", "--hostname", "mail.example.org")
        with open(root.path + "/etc/posthorn/posthorn.toml", "a", encoding="utf-8") as f:
            f.write('\n# Changed by the operator.\n')
        root.run("posthorn", "config", "check")

        root.install(debs[0])
        with open(root.path + "/etc/posthorn/posthorn.toml", encoding="utf-8") as f:
            expect("Changed by the operator" in f.read(), "the upgrade has overwritten the configuration")
        expect(root.has("/var/lib/posthorn/store/CURRENT"), "the upgrade has removed mail")
        root.run("runuser", "-u", "posthorn", "--", "posthorn", "check")

        root.run("dpkg", "-r", "posthorn")
        expect(not root.has("/usr/bin/posthorn"), "the program is still there")
        expect(root.has("/etc/posthorn/posthorn.toml"), "remove has removed the configuration")
        expect(root.has("/var/lib/posthorn/store/CURRENT"), "remove has removed mail")
        said = root.run("dpkg", "-P", "posthorn")
        expect(not root.has("/etc/posthorn/posthorn.toml"), "purge has left the configuration")
        expect(root.has("/var/lib/posthorn/store/CURRENT"), "purge has removed mail")
        expect("is kept" in said, "purge does not say that mail is kept")
    print("passed")


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        print("skipped: needs root and mmdebstrap")
        sys.exit(77)
    test(sys.argv[1])
