#!/usr/bin/env python3
"""Tokens with an identity provider that is asked over HTTPS: its keys are found, fetched and changed; it tells of
tokens that only it knows; it is down, slow, wrong or malicious, and nobody is told that a token is wrong; and sessions
end with their token.

usage: oauth_provider_test.py keys|introspection|expiry"""

import base64
import contextlib
import imaplib
import os
import smtplib
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from posthorn import Server, expect, main, need, ok, trusting  # noqa: E402
from provider import CLIENT, CLIENT_SECRET, USER, Key, Provider  # noqa: E402

KEYS = "/jwks"
ASKED = "/introspect"


def bearer(token):
    return f"n,a={USER},\x01auth=Bearer {token}\x01\x01"


def by_imap(server, token):
    """What comes of it: "in", "wrong" or "later"."""
    imap = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=trusting(), timeout=60)
    try:
        imap.authenticate("OAUTHBEARER", lambda challenge: "\x01" if challenge else bearer(token))
        return "in"
    except imaplib.IMAP4.error as e:
        expect("[AUTHENTICATIONFAILED]" in str(e) or "[UNAVAILABLE]" in str(e), f"IMAP: {e}")
        return "later" if "[UNAVAILABLE]" in str(e) else "wrong"
    finally:
        imap.shutdown()


class Pop3:
    def __init__(self, server):
        self.socket = trusting().wrap_socket(socket.create_connection(("127.0.0.1", server.pop3s_port), 60))
        self.file = self.socket.makefile("rb")
        self.file.readline()

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.line()

    def line(self):
        return self.file.readline().decode()

    def log_in(self, token):
        said = self.say("AUTH OAUTHBEARER")
        expect(said.startswith("+"), said)
        said = self.say(base64.b64encode(bearer(token).encode()).decode())
        return self.say("AQ==") if said.startswith("+ ") else said

    def close(self):
        self.file.close()
        self.socket.close()


def by_pop3(server, token):
    with contextlib.closing(Pop3(server)) as pop3:
        said = pop3.log_in(token)
    if said.startswith("+OK"):
        return "in"
    expect("[AUTH]" in said or "[SYS/TEMP]" in said, f"POP3: {said}")
    return "later" if "[SYS/TEMP]" in said else "wrong"


def submission(server, token):
    client = smtplib.SMTP_SSL("127.0.0.1", server.submissions_port, context=trusting(), timeout=60)
    client.ehlo()
    code, text = client.docmd("AUTH OAUTHBEARER " + base64.b64encode(bearer(token).encode()).decode())
    if code == 334:
        code, text = client.docmd("AQ==")
    return client, code, text


def by_submission(server, token):
    client, code, text = submission(server, token)
    client.close()
    expect(code in (235, 454, 535), f"submission: {code} {text}")
    return {235: "in", 454: "later", 535: "wrong"}[code]


def expect_all(what, server, token, wanted):
    for log_in in (by_imap, by_pop3, by_submission):
        said = log_in(server, token)
        expect(said == wanted, f"{what}, {log_in.__name__}: {said} instead of {wanted}\n{server.log()}")


def wait_until(condition, words):
    deadline = time.monotonic() + 30
    while not condition():
        expect(time.monotonic() < deadline, words)
        time.sleep(0.2)


def settings_for(provider, folder, **more):
    secret = os.path.join(folder, "client.secret")
    with open(secret, "w", encoding="utf-8") as f:
        f.write(CLIENT_SECRET + "\n")
    keys = {"issuer": provider.issuer, "audience": "mail", "ca_file": provider.ca, "client_id": CLIENT,
            "client_secret_file": secret, "timeout": "1s"} | more
    return [f"auth.oauth.{key}={value}" for key, value in keys.items()] + ["auth.throttle.free_guesses=1000"]


def start(provider, folder, **more):
    return Server(engine="memory", settings=settings_for(provider, folder, **more))


# What a provider may do wrong.
def hang(_):
    time.sleep(3)


def trickle(request):
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(30):
            request.wfile.write(b" ")
            time.sleep(0.1)


def huge(request):
    with contextlib.suppress(OSError):
        request.answer(200, b'{"active":true,"keys":[' + b" " * (8 << 20) + b"]}")


def loop(request):
    request.answer(307, Location=request.path)


WRONG = {
    "no answer": hang, "an answer that never ends": trickle, "a huge answer": huge, "a redirect to itself": loop,
    "status 500": lambda request: request.answer(500, b"{}"),
    "status 403": lambda request: request.answer(403, b'{"active":false}'),
    "something else": lambda request: request.answer(200, b"<html>"),
    "another JSON": lambda request: request.say(["active"]),
    "deep JSON": lambda request: request.answer(200, b'{"active":' * 10_000),
    "a text for a truth": lambda request: request.say({"active": "true", "email": USER, "aud": "mail"}),
}


def with_each_fault(provider, server, path, make_token):
    for what, misbehave in WRONG.items():
        provider.misbehave, provider.misbehaves_at = misbehave, path
        time.sleep(1.2)  # After a failure it is not asked for a second.
        asked = provider.count(path)
        began = time.monotonic()
        expect(by_imap(server, make_token(what)) == "later", f"{what}: not a temporary failure\n{server.log()}")
        expect(time.monotonic() - began < 9, f"{what}: it took {time.monotonic() - began:.1f} s")
        expect(provider.count(path) > asked, f"{what}: it was not asked")
        # Others are served meanwhile.
        ok(server.imap("ben@example.org").noop())
    provider.misbehave = None


def keys_are_fetched(folder):
    # Only OpenID Connect's place: that of RFC 8414 answers 404.
    provider = Provider(folder, metadata_at="/.well-known/openid-configuration")
    old, new, stranger = (Key(folder, name) for name in ("old", "new", "stranger"))
    provider.keys = [old]
    with start(provider, folder) as server:
        with_each_fault(provider, server, KEYS, lambda _: old.token(provider.issuer))
        expect(by_imap(server, old.token(provider.issuer)) in ("in", "later"), "after the faults")
        wait_until(lambda: by_imap(server, old.token(provider.issuer)) == "in", f"the keys are not read:\n{server.log()}")
        expect_all("a good token", server, old.token(provider.issuer), "in")
        expect_all("a token for others", server, old.token(provider.issuer, aud="web"), "wrong")
        fetched = provider.count(KEYS)
        provider.keys = [old, new]  # They change.
        expect_all("a token with the new key", server, new.token(provider.issuer), "in")
        expect(provider.count(KEYS) == fetched + 1, f"fetched {provider.count(KEYS) - fetched} times")
        for _ in range(5):
            expect(by_imap(server, stranger.token(provider.issuer)) == "wrong", "the stranger's token")
        expect(provider.count(KEYS) == fetched + 1, "somebody's tokens make the server ask as often as they like")

        provider.stop()
        expect_all("a known key while the provider is down", server, new.token(provider.issuer), "in")
        expect("eyJ" not in server.log(), "a token is in the log")

    # One that is down from the beginning, comes, and goes.
    with start(provider, folder, keys_time="1s") as server:
        expect_all("no keys yet", server, old.token(provider.issuer), "later")
        provider.start()
        wait_until(lambda: by_imap(server, old.token(provider.issuer)) == "in", "the keys are not read")
        provider.keys = [new]
        wait_until(lambda: by_imap(server, old.token(provider.issuer)) == "wrong", "a withdrawn key still counts")
        provider.stop()
        time.sleep(1.5)
        expect_all("keys that are old, while the provider is down", server, new.token(provider.issuer), "in")
        expect_all("a key that nobody can say anything about", server, stranger.token(provider.issuer), "later")
        provider.start()
        wait_until(lambda: by_imap(server, stranger.token(provider.issuer)) == "wrong", "it is not asked again")
        log = server.log()
        expect("reason=\"token_unknown_key\"" in log or "reason=token_unknown_key" in log, log)

    # Whom nobody vouches for is not asked.
    with Server(engine="memory", settings=[one for one in settings_for(provider, folder) if "ca_file" not in one]) as server:
        expect(by_imap(server, new.token(provider.issuer)) == "later", "a provider with an unknown certificate was believed")
        expect("certificate" in server.log(), server.log())
    provider.stop()


def tokens_are_introspected(folder):
    provider = Provider(folder)
    key = Key(folder, "key")
    provider.keys = [key]
    with start(provider, folder, introspect="opaque", introspection_time="2s") as server:
        good = provider.knows("opaque/token+one==")
        expect_all("an active token", server, good, "in")
        expect(provider.count(ASKED) == 1, f"asked {provider.count(ASKED)} times about one token")
        expect_all("a token that is a JWT", server, key.token(provider.issuer), "in")
        expect(provider.count(ASKED) == 1, "asked about a JWT")
        for what, claims in {"expired": {"exp": int(time.time()) - 120}, "for others": {"aud": "web"},
                             "another issuer's": {"iss": "https://evil.example"}, "nobody's": {"email": 7},
                             "bound to a key": {"token_type": "DPoP"}}.items():
            expect(by_imap(server, provider.knows("t." + what.replace(" ", "-").replace("'", ""), **claims)) == "wrong", what)
        expect_all("a token that nobody knows", server, "unknown", "wrong")
        asked = provider.count(ASKED)
        expect(by_imap(server, "not a token") == "wrong" and provider.count(ASKED) == asked, "something else was sent")

        del provider.tokens[good]  # It is revoked.
        wait_until(lambda: by_imap(server, good) == "wrong", "a revoked token still counts")
        with_each_fault(provider, server, ASKED, lambda what: "token." + what.replace(" ", "-"))
        provider.knows("after")
        wait_until(lambda: by_imap(server, "after") == "in", f"it is not asked again:\n{server.log()}")
        provider.stop()
        expect_all("the provider is down", server, "while.down", "later")
        provider.start()
        provider.knows("again")
        wait_until(lambda: by_imap(server, "again") == "in", "the provider is back and is not asked")
        expect("opaque/token" not in server.log() and CLIENT_SECRET not in server.log(), "a secret is in the log")
    # Every token: a JWT that was revoked does not count although its signature is right.
    with start(provider, folder, introspect="always", audience="") as server:
        token = key.token(provider.issuer)
        expect(by_imap(server, token) == "wrong", "a JWT that the provider does not know")
        expect(by_imap(server, provider.knows("x" + token)) == "in", "one that it knows")
    # A wrong secret is the operator's fault, and no user's.
    with start(provider, folder, introspect="always", client_id="somebody-else") as server:
        expect(by_imap(server, provider.knows("right")) == "later", "the client was refused")
        expect("status 401" in server.log(), server.log())
    provider.stop()


def sessions_end(folder):
    provider = Provider(folder)
    key = Key(folder, "key")
    provider.keys = [key]

    def short():
        # Clocks may differ by a minute, so a token counts for a minute more.
        return key.token(provider.issuer, exp=int(time.time()) - 55)

    with start(provider, folder) as server:  # The switch is off.
        imap = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=trusting(), timeout=60)
        token = short()
        ok(imap.authenticate("OAUTHBEARER", lambda _: bearer(token)))
        time.sleep(7)
        ok(imap.noop())
        imap.shutdown()

    with start(provider, folder, end_sessions="true") as server:
        lasting = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=trusting(), timeout=60)
        long_token = key.token(provider.issuer)
        ok(lasting.authenticate("OAUTHBEARER", lambda _: bearer(long_token)))
        token = short()
        began = time.monotonic()
        imap = imaplib.IMAP4_SSL("127.0.0.1", server.imaps_port, ssl_context=trusting(), timeout=60)
        ok(imap.authenticate("OAUTHBEARER", lambda _: bearer(token)))
        pop3 = Pop3(server)
        said = pop3.log_in(token)
        expect(said.startswith("+OK"), said)
        client, code, text = submission(server, token)
        expect(code == 235, f"{code} {text}")

        said = imap.readline().decode()
        expect(said.startswith("* BYE [UNAVAILABLE]") and "expired" in said, said)
        expect(time.monotonic() - began < 20, "it took too long")
        said = pop3.line()
        expect(said == "" or (said.startswith("-ERR") and "expired" in said), f"POP3: {said}")
        code, text = client.getreply()
        expect(code == 421 and b"expired" in text, f"{code} {text}")
        expect(by_imap(server, token) == "wrong", "the token still counts")
        ok(lasting.noop())
        lasting.shutdown()
        with server.imap(USER) as by_password:
            ok(by_password.noop())
    provider.stop()


PARTS = {"keys": keys_are_fetched, "introspection": tokens_are_introspected, "expiry": sessions_end}


def test():
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        PARTS[sys.argv[1]](folder)


if __name__ == "__main__":
    main(test)
