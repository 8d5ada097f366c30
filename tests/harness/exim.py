"""Debian's Exim beside another mail server: the packages refuse that, so the program is unpacked into a folder, and sees
there its user and its libraries as if they were installed."""

import glob
import os
import shutil
import subprocess

PACKAGES = ("exim4-daemon-heavy", "libmariadb3", "libspf2-2")
# The program is built with the name of its user.
USER = "Debian-exim"
PRIVATE = ("/etc/passwd", "/etc/group", "/etc/ld.so.cache")


def unpack(folder):
    """Returns the program, or a reason why there is none. The folder must be one that everybody can read."""
    for tool in ("apt-get", "dpkg-deb", "unshare", "ldconfig"):
        if not shutil.which(tool):
            return None, f"{tool} is not installed"
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for command in (["apt-get", "download", *PACKAGES], ["apt-get", "update"], ["apt-get", "download", *PACKAGES]):
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=120,
                              env=environment)
        if done.returncode == 0 and command[1] == "download":
            break
    else:
        return None, f"the packages cannot be downloaded: {done.stderr[-200:]}"
    for package in glob.glob(os.path.join(folder, "*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True, timeout=60)
    program = os.path.join(folder, "usr/sbin/exim4")
    private = os.path.join(folder, "private")
    os.mkdir(private)
    for path, line in (("/etc/passwd", f"{USER}:x:64990:64990::/nonexistent:/usr/sbin/nologin\n"),
                       ("/etc/group", f"{USER}:x:64990:\n")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(private, os.path.basename(path)), "w", encoding="utf-8") as f:
            f.write(text + line)
    # Exim runs itself with the rights of its file, so a variable of the environment does not name its libraries.
    libraries = os.path.join(private, "libraries.conf")
    with open(libraries, "w", encoding="utf-8") as f:
        for path in sorted({os.path.dirname(one) for one in glob.glob(folder + "/usr/lib/**/*.so*", recursive=True)}):
            f.write(path + "\n")
        f.write("include /etc/ld.so.conf\n")
    subprocess.run(["ldconfig", "-X", "-f", libraries, "-C", os.path.join(private, "ld.so.cache")], check=True,
                   timeout=60, capture_output=True)
    return program, ""


def within(folder, *command):
    """The command, for subprocess, as a process that sees the private files."""
    mounts = " && ".join(f"mount --bind {folder}/private/{os.path.basename(path)} {path}" for path in PRIVATE)
    return ["unshare", "--mount", "sh", "-c", mounts + ' && exec "$@"', "sh", *command]
