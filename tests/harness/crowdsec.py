"""Debian's CrowdSec, unpacked into a folder and run once on a file, with a parser and a scenario of ours. The API
that it reports its alarms to is played here."""

import glob
import http.server
import json
import os
import shutil
import subprocess
import threading

from posthorn import expect

PACKAGE = "crowdsec"
HUB = "usr/share/crowdsec/hub"
# Of the 110 MB that the package has.
NEEDED = ("./usr/bin/crowdsec", "./etc/crowdsec/patterns", "./etc/crowdsec/simulation.yaml", "./etc/crowdsec/profiles.yaml",
          f"./{HUB}/.index.json", f"./{HUB}/parsers/s00-raw/crowdsecurity/syslog-logs.yaml",
          f"./{HUB}/parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml")
CONFIG = """
common: {{daemonize: false, log_media: stdout, log_level: info, log_dir: {folder}, working_dir: {folder}}}
config_paths: {{config_dir: {folder}/etc, data_dir: {folder}/data, simulation_path: {folder}/etc/simulation.yaml,
               hub_dir: {folder}/{hub}, index_path: {folder}/{hub}/.index.json}}
crowdsec_service: {{parser_routines: 1}}
db_config: {{log_level: error, type: sqlite, db_path: {folder}/data/crowdsec.db}}
api: {{client: {{credentials_path: {folder}/etc/credentials.yaml}}, server: {{enable: false}}}}
prometheus: {{enabled: false}}
"""


def unpack(folder):
    """Returns whether it is there, or a reason why not."""
    for tool in ("apt-get", "dpkg-deb", "tar"):
        if not shutil.which(tool):
            return False, f"{tool} is not installed"
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    download = ["apt-get", "download", PACKAGE]
    for command in (download, ["apt-get", "update"], download):
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=120, env=environment)
        if done.returncode == 0 and command is download:
            break
    else:
        return False, f"the package cannot be downloaded: {done.stderr[-200:]}"
    package, = glob.glob(os.path.join(folder, "*.deb"))
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as octets:
        subprocess.run(["tar", "-x", "-C", folder, *NEEDED], stdin=octets.stdout, check=True, timeout=120)
    os.remove(package)
    return True, ""


class Alarms:
    """Takes what CrowdSec reports, as its local API does."""

    def __init__(self):
        alarms = self
        self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):  # pylint: disable=invalid-name
                said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
                if self.path.startswith("/v1/alerts"):
                    alarms.told += said
                    body = ["1" for _ in said]
                else:
                    body = {"code": 200, "expire": "2099-01-01T00:00:00Z", "token": "a.b.c"}
                octets = json.dumps(body).encode()
                self.send_response(201 if isinstance(body, list) else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/"


class CrowdSec:
    """With the parsers of the package that every installation has, and a parser and a scenario of ours."""

    def __init__(self, folder, parser, scenario):
        self.folder = folder
        etc = os.path.join(folder, "etc")
        shutil.copytree(os.path.join(etc, "crowdsec/patterns"), os.path.join(etc, "patterns"))
        shutil.copy(os.path.join(etc, "crowdsec/simulation.yaml"), etc)
        for stage, source in (("s00-raw", f"{folder}/{HUB}/parsers/s00-raw/crowdsecurity/syslog-logs.yaml"),
                              ("s01-parse", parser),
                              ("s02-enrich", f"{folder}/{HUB}/parsers/s02-enrich/crowdsecurity/dateparse-enrich.yaml")):
            os.makedirs(os.path.join(etc, "parsers", stage))
            shutil.copy(source, os.path.join(etc, "parsers", stage))
        for place in ("etc/scenarios", "etc/postoverflows", "data"):
            os.makedirs(os.path.join(folder, place))
        shutil.copy(scenario, os.path.join(etc, "scenarios"))
        self.config = os.path.join(etc, "config.yaml")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(folder=folder, hub=HUB))

    def read(self, kind, lines):
        """Reads lines of a log; `kind`: the label "type" of the source. Returns the addresses of the alarms."""
        alarms = Alarms()
        with open(os.path.join(self.folder, "etc/credentials.yaml"), "w", encoding="utf-8") as f:
            f.write(f"url: {alarms.url}\nlogin: test\npassword: test\n")
        log = os.path.join(self.folder, "log")
        with open(log, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        done = subprocess.run([os.path.join(self.folder, "usr/bin/crowdsec"), "-c", self.config, "-no-api", "-type", kind,
                               "-dsn", f"file://{log}"], check=False, capture_output=True, text=True, timeout=240)
        expect(done.returncode == 0, f"CrowdSec: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return [alarm["source"]["value"] for alarm in alarms.told]
