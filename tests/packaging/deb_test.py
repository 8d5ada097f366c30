#!/usr/bin/env python3
"""The Debian package in a fresh root: install, upgrade from an older package, remove, purge. Needs root, mmdebstrap and a
mirror; `make test-deb`.

usage: deb_test.py FOLDER OLDER   FOLDER: where `make deb` has made the package; OLDER: the package to upgrade from, or the
                                  folder where `packaging/make-deb-before` has made it
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile


def run(*command, code=0, stderr=subprocess.PIPE):
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=1800)
    if done.returncode != code:
        sys.exit(f"FAILED: {' '.join(command)}: {done.returncode}, not {code}\n{done.stdout}{done.stderr or ''}")
    return done.stdout


def expect(condition, words):
    if not condition:
        raise SystemExit(f"FAILED: {words}")


class Root:
    """A Debian system in a folder, without a running systemd, with what the package depends on."""

    def __init__(self, folder, *debs):
        self.path = os.path.join(folder, "root")
        depends = sorted({name for deb in debs
                          for name in re.findall(r"(?:^|, )([a-z0-9.+-]+)", run("dpkg-deb", "-f", deb, "Depends"))})
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
        # Where both the operator and the new version have changed a file, dpkg would ask.
        self.run("dpkg", "--force-confdef", "--force-confold", "-i", "/tmp/" + os.path.basename(deb))


def package_in(place):
    if os.path.isfile(place):
        return place
    debs = glob.glob(os.path.join(place, "posthorn_*.deb"))
    expect(len(debs) == 1, f"one package in {place}, not {debs}")
    return debs[0]


def version_of(deb):
    return run("dpkg-deb", "-f", deb, "Version").strip()


MAIL = "From x@example.net Mon Nov 30 12:00:00 2026\nSubject: written by the older version\n\nHello.\n"


def write_mail(root):
    """Mail, as an operator's server would have it."""
    for name, text in (("password", "correct horse\n"), ("old.mbox", MAIL)):
        with open(f"{root.path}/tmp/{name}", "w", encoding="utf-8") as f:
            f.write(text)
    as_server(root, "--config", "/tmp/x.toml", "init", "--hostname", "mail.example.org")
    as_server(root, "account", "add", "ada@example.org", "--password-file", "/tmp/password")
    as_server(root, "import", "ada@example.org", "/tmp/old.mbox")


def as_server(root, *arguments):
    return root.run("runuser", "-u", "posthorn", "--", "posthorn", "--data-dir", "/var/lib/posthorn", *arguments)


def mail_is_there(root):
    as_server(root, "check", "--deep")
    shutil.rmtree(root.path + "/tmp/export", ignore_errors=True)
    as_server(root, "export", "ada@example.org", "/tmp/export")
    found = subprocess.run(["grep", "-rl", "written by the older version", root.path + "/tmp/export"], check=False,
                           capture_output=True, text=True, timeout=60).stdout
    expect(len(found.split()) == 1, f"the mail of the older version: {found}")


def units_are_right(root):
    """systemd understands all units, and what they start is there; each timer has its service."""
    units = glob.glob(root.path + "/lib/systemd/system/posthorn*")
    names = {os.path.basename(unit) for unit in units}
    expect(names >= {"posthorn.service", "posthorn.socket", "posthorn-backup.service", "posthorn-backup.timer"}, names)
    said = root.run("systemd-analyze", "verify", "--man=no", *(f"/lib/systemd/system/{name}" for name in sorted(names)),
                    stderr=subprocess.STDOUT)
    expect(said == "", f"systemd-analyze: {said}")


def test(packages, older):
    deb, before = package_in(packages), package_in(older)
    print(f"upgrade from {version_of(before)} to {version_of(deb)}")
    run("dpkg", "--compare-versions", version_of(before), "lt", version_of(deb))
    said = subprocess.run(["lintian", "--fail-on", "error", deb], check=False, capture_output=True, text=True,
                          timeout=600)
    expect(said.returncode == 0, f"lintian: {said.stdout}{said.stderr}")
    print(said.stdout, end="")
    with tempfile.TemporaryDirectory() as folder, Root(folder, deb, before) as root:
        root.install(before)
        expect("posthorn" in root.run("getent", "passwd", "posthorn"), "the user")
        for path in ("/usr/bin/posthorn", "/usr/libexec/posthorn/posthorn-extract", "/etc/posthorn/posthorn.toml",
                     "/usr/lib/systemd/system/posthorn.service",
                     "/usr/share/man/man1/posthorn.1.gz", "/usr/share/bash-completion/completions/posthorn",
                     "/usr/lib/sysusers.d/posthorn.conf", "/usr/lib/tmpfiles.d/posthorn.conf"):
            expect(root.has(path) or root.has(path.replace("/usr/lib", "/lib")), f"{path} is missing")
        expect(not glob.glob(root.path + "/etc/systemd/system/*.wants/posthorn*"), "the server would start by itself")
        data = os.stat(root.path + "/var/lib/posthorn")
        expect(data.st_mode & 0o777 == 0o700, f"the data directory: {oct(data.st_mode)}")
        write_mail(root)
        with open(root.path + "/etc/posthorn/posthorn.toml", "a", encoding="utf-8") as f:
            f.write('\n# Changed by the operator.\n')
        root.run("posthorn", "config", "check")

        root.install(deb)
        units_are_right(root)
        expect(root.has("/usr/share/posthorn/chasquid/post-data"), "the hook for chasquid is missing")
        with open(root.path + "/etc/posthorn/posthorn.toml", encoding="utf-8") as f:
            expect("Changed by the operator" in f.read(), "the upgrade has overwritten the configuration")
        expect(root.has("/var/lib/posthorn/store/CURRENT"), "the upgrade has removed mail")
        mail_is_there(root)

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
    test(*sys.argv[1:3])
