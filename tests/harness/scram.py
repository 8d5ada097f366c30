"""The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

import base64
import hashlib
import hmac

from posthorn import PASSWORD


def mac(key, words):
    return hmac.new(key, words.encode(), "sha256").digest()


class Scram:
    """The client's side without binding; "y" says that it could bind, but the server does not offer it."""

    def __init__(self, user, password=PASSWORD, flag="n"):
        self.password = password
        self.header = f"{flag},,"
        self.bare = f"n={user},r=rOprNGfwEbeRWgbNEkqO"

    def first(self):
        return base64.b64encode((self.header + self.bare).encode()).decode()

    def final(self, challenge):
        said = base64.b64decode(challenge).decode()
        parts = dict(part.split("=", 1) for part in said.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password.encode(), base64.b64decode(parts["s"]), int(parts["i"]))
        client_key = mac(salted, "Client Key")
        without = f"c={base64.b64encode(self.header.encode()).decode()},r={parts['r']}"
        signature = mac(hashlib.sha256(client_key).digest(), f"{self.bare},{said},{without}")
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        return base64.b64encode(f"{without},p={base64.b64encode(proof).decode()}".encode()).decode()
