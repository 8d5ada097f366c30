"""An identity provider for tests: an HTTPS server with an authority of its own, keys, and answers as a test wants them."""

import base64
import contextlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

USER = "ada@example.org"
CLIENT, CLIENT_SECRET = "posthorn", "s3cret/with=signs"


def openssl(*arguments, octets=None):
    return subprocess.run(["openssl", *arguments], input=octets, check=True, capture_output=True,
                          timeout=60).stdout


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class Key:
    """A key that signs tokens (RS256)."""

    def __init__(self, folder, name):
        self.name, self.path = name, os.path.join(folder, name + ".key")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.path)

    def jwk(self):
        modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").split(b"=")[1].strip()
        return {"kty": "RSA", "kid": self.name, "n": base64url(bytes.fromhex(modulus.decode())), "e": "AQAB"}

    def token(self, issuer, **claims):
        claims = {"iss": issuer, "aud": "mail", "exp": int(time.time()) + 300, "email": USER} | claims
        head = {"alg": "RS256", "kid": self.name, "typ": "at+jwt"}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        return text + "." + base64url(openssl("dgst", "-sha256", "-sign", self.path, octets=text.encode()))


def make_certificate(folder):
    """An authority, and a certificate of it for 127.0.0.1. Returns the names of their files."""
    def path(name):
        return os.path.join(folder, name)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=the test's authority",
            "-keyout", path("ca.key"), "-out", path("ca.pem"))
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", path("server.key"), "-out",
            path("server.csr"))
    with open(path("server.ext"), "w", encoding="utf-8") as f:
        f.write("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
            "-CAcreateserial", "-days", "2", "-extfile", path("server.ext"), "-out", path("server.pem"))
    return path("ca.pem"), path("server.pem"), path("server.key")


class Provider:
    """Serves metadata (RFC 8414), keys and introspection (RFC 7662). `keys`: those it shows; `tokens`: what it answers
    about tokens; `misbehave`: a function that answers instead, for paths that begin with `misbehaves_at`."""

    def __init__(self, folder, metadata_at="/.well-known/oauth-authorization-server"):
        self.ca, self.certificate, self.key = make_certificate(folder)
        self.metadata_at = metadata_at
        self.keys, self.tokens = [], {}
        self.asked, self.connections = [], []
        self.misbehave, self.misbehaves_at = None, ""
        self.clock_behind = 0  # Seconds.
        self.server, self.port = None, 0
        self.start()

    def start(self):
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def log_message(self, *_):
                pass

            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) - provider.clock_behind)

            def answer(self, status, body=b"", **fields):
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | fields).items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def say(self, value):
                self.answer(200, json.dumps(value).encode(), Content_Type="application/json")

            def do_GET(self):  # pylint: disable=invalid-name
                provider.asked.append(self.path)
                if provider.misbehave and self.path.startswith(provider.misbehaves_at):
                    provider.misbehave(self)
                elif self.path == provider.metadata_at:
                    self.say({"issuer": provider.issuer, "jwks_uri": provider.issuer + "/jwks",
                              "introspection_endpoint": provider.issuer + "/introspect"})
                elif self.path == "/jwks":
                    self.say({"keys": [key.jwk() for key in provider.keys]})
                else:
                    self.answer(404)

            def do_POST(self):  # pylint: disable=invalid-name
                provider.asked.append(self.path)
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if provider.misbehave and self.path.startswith(provider.misbehaves_at):
                    provider.misbehave(self)
                    return
                name = f"{CLIENT}:{urllib.parse.quote(CLIENT_SECRET, safe='')}".encode()
                if self.headers["Authorization"] != "Basic " + base64.b64encode(name).decode():
                    self.answer(401)
                elif self.path == "/introspect":
                    self.say(provider.tokens.get(form["token"][0], {"active": False}))
                else:
                    self.answer(404)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def process_request(self, request, client_address):
                provider.connections.append(request)
                super().process_request(request, client_address)

            def handle_error(self, *_):
                pass  # Clients that do not trust it, or that have heard enough.

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:  # Clients keep theirs for the next question.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    @property
    def issuer(self):
        return f"https://127.0.0.1:{self.port}"

    def count(self, path):
        return self.asked.count(path)

    def knows(self, token, **claims):
        """The token is one of USER from now on."""
        self.tokens[token] = {"active": True, "aud": "mail", "email": USER, "iss": self.issuer,
                              "exp": int(time.time()) + 300} | claims
        return token
