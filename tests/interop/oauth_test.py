#!/usr/bin/env python3
"""Login with tokens (RFC 7628): imaplib and curl, over IMAP and POP3; keys changed while the server runs."""

import base64
import imaplib
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, need, ok  # noqa: E402

USER = "ada@example.org"
ISSUER = "https://id.example.org"


def openssl(*arguments, octets=None):
    return subprocess.run(["openssl", *arguments], input=octets, check=True,
                          capture_output=True).stdout


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class RsaKey:
    algorithm, parameters = "RS256", ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")

    def __init__(self, folder, name):
        self.name, self.path = name, os.path.join(folder, name)
        openssl("genpkey", *self.parameters, "-out", self.path)

    def jwk(self):
        modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").split(b"=")[1].strip()
        return {"kty": "RSA", "kid": self.name, "n": base64url(bytes.fromhex(modulus.decode())),
                "e": "AQAB"}

    def sign(self, text):
        return openssl("dgst", "-sha256", "-sign", self.path, octets=text)

    def token(self, **claims):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": "mail", "exp": now + 300, "email": USER,
                  "scope": "openid mail"} | claims
        head = {"alg": self.algorithm, "kid": self.name, "typ": "at+jwt"}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        return text + "." + base64url(self.sign(text.encode()))


class EdKey(RsaKey):
    algorithm, parameters = "EdDSA", ("-algorithm", "ED25519")

    def jwk(self):
        raw = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:]
        return {"kty": "OKP", "crv": "Ed25519", "kid": self.name, "x": base64url(raw)}

    def sign(self, text):
        with tempfile.NamedTemporaryFile() as f:
            f.write(text)
            f.flush()
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", f.name)


def insecure():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def publish(path, *keys):
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump({"keys": [key.jwk() for key in keys]}, f)
    os.rename(path + ".new", path)


def log_in(server, mechanism, token, user=USER):
    """The challenge that said no; None when it worked."""
    challenges = []

    def answer(challenge):
        if not challenge:
            return (f"n,a={user},\x01host=localhost\x01port=993\x01auth=Bearer {token}\x01\x01"
                    if mechanism == "OAUTHBEARER" else
                    f"user={user}\x01auth=Bearer {token}\x01\x01")
        challenges.append(json.loads(challenge))
        return "\x01"

    imap = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=insecure(), timeout=60)
    try:
        ok(imap.authenticate(mechanism, answer))
        ok(imap.select("INBOX"))
        return None
    except imaplib.IMAP4.error as e:
        expect("AUTHENTICATIONFAILED" in str(e), f"{mechanism}: {e}")
        return challenges[0] if challenges else {}
    finally:
        imap.shutdown()


def curl(server, token, scheme, *arguments):
    port = {"imaps": server.imaps_port, "pop3s": server.pop3s_port, "imap": server.imap_port}[scheme]
    return subprocess.run(["curl", "--silent", "--show-error", "--insecure", "--max-time", "60",
                           "--user", f"{USER}:", "--oauth2-bearer", token, *arguments,
                           f"{scheme}://127.0.0.1:{port}/"], check=False, capture_output=True)


def refused_tokens(server, key, other):
    for what, token in {
            "expired": key.token(exp=int(time.time()) - 120),
            "for others": key.token(aud=["web"]),
            "of another issuer": key.token(iss="https://evil.example"),
            "signed by nobody we know": other.token(),
            "not verified": key.token(email_verified=False)}.items():
        said = log_in(server, "OAUTHBEARER", token)
        expect(said == {"status": "invalid_token", "scope": "mail",
                        "openid-configuration": ISSUER + "/.well-known/openid-configuration"},
               f"a token {what}: {said}")
        expect(curl(server, token, "pop3s").returncode == 67, f"curl took a token {what}")
    said = log_in(server, "OAUTHBEARER", key.token(scope="openid"))
    expect(said and said["status"] == "insufficient_scope", f"without the scope: {said}")
    said = log_in(server, "XOAUTH2", key.token(exp=1))
    expect(said == {"status": "401", "schemes": "bearer", "scope": "mail"}, f"XOAUTH2: {said}")


def another_user(server, key):
    imap = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=insecure(), timeout=60)
    try:
        imap.authenticate("XOAUTH2", lambda _: f"user=ben@example.org\x01auth=Bearer {key.token()}\x01\x01")
        expect(False, "ada's token opened ben's mail")
    except imaplib.IMAP4.error:
        pass
    finally:
        imap.shutdown()


def wait_until(condition, words):
    deadline = time.monotonic() + 30
    while not condition():
        expect(time.monotonic() < deadline, words)
        time.sleep(0.1)


def test():
    need("openssl")
    need("curl")
    with tempfile.TemporaryDirectory() as folder:
        jwks = os.path.join(folder, "jwks.json")
        rsa, ed, other = RsaKey(folder, "rsa"), EdKey(folder, "ed"), EdKey(folder, "other")
        publish(jwks, rsa, ed)
        settings = [f"auth.oauth.issuer={ISSUER}", "auth.oauth.audience=mail",
                    f"auth.oauth.jwks_file={jwks}", "auth.oauth.scope=mail",
                    "auth.throttle.free_guesses=1000"]
        with Server(engine="memory", settings=settings) as server:
            for key in (rsa, ed):
                for mechanism in ("OAUTHBEARER", "XOAUTH2"):
                    said = log_in(server, mechanism, key.token())
                    expect(said is None, f"{key.algorithm} by {mechanism}: {said}")
                    for scheme in ("imaps", "pop3s"):
                        done = curl(server, key.token(), scheme, "--login-options",
                                    f"AUTH={mechanism}")
                        expect(done.returncode == 0, f"curl {scheme} {mechanism}: {done.stderr}")
            clear = imaplib.IMAP4("127.0.0.1", server.imap_port, timeout=60)
            expect(not [c for c in clear.capabilities if "OAUTH" in c], "offered without TLS")
            clear.shutdown()
            refused_tokens(server, ed, other)
            another_user(server, ed)

            publish(jwks, other)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: log_in(server, "OAUTHBEARER", other.token()) is None,
                       "the new key is not taken")
            expect(log_in(server, "OAUTHBEARER", ed.token()), "the old key is still taken")
            with open(jwks, "w", encoding="utf-8") as f:
                f.write("{}")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "keys of tokens were not reloaded" in server.log(), "a broken file went unnoticed")
            expect(log_in(server, "OAUTHBEARER", other.token()) is None, "the keys were lost")
            expect("eyJ" not in server.log(), "a token is in the log")


if __name__ == "__main__":
    main(test)
