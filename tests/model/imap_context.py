"""What a client keeps of searches with UPDATE (RFC 5267), as it is told of them."""

import re

KEYS = ["ALL", "UNSEEN", "DELETED", "FLAGGED KEYWORD $One", "OR ANSWERED UNDELETED", "NOT KEYWORD work",
        "SUBJECT 0.1", "UNSEEN NOT SUBJECT 7", "BODY 3"]
ORDERS = ["SUBJECT", "REVERSE SUBJECT", "SIZE SUBJECT", "REVERSE ARRIVAL", "REVERSE SIZE"]


class Context:
    def __init__(self, tag, uid, order, key):
        self.tag, self.uid, self.order, self.key = tag, uid, order, key
        self.numbers = []
        self.leaving = False  # CANCELUPDATE was sent; what comes until its answer may be of before.

    def command(self, options):
        verb = ("UID " if self.uid else "") + ("SORT" if self.order else "SEARCH")
        order = f" ({self.order}) UTF-8" if self.order else ""
        return f"{verb} RETURN ({options}){order} {self.key}"

    def expunged(self, number):
        """A message number was removed, and is no longer in the result."""
        if self.uid or self.leaving:
            return
        if number in self.numbers:
            raise AssertionError(f"{number} was not removed from the result of {self.tag} before EXPUNGE")
        self.numbers = [n - 1 if n > number else n for n in self.numbers]

    def change(self, word, position, numbers):
        if self.order and not position:
            raise AssertionError("a sorted result has places")
        for number in numbers:
            if word == "ADDTO":
                if number in self.numbers:
                    raise AssertionError(f"{number} is in the result of {self.tag} already")
            elif number not in self.numbers:
                raise AssertionError(f"{number} is not in the result of {self.tag}")
        at = position - 1
        if word == "ADDTO" and position:
            if at > len(self.numbers):
                raise AssertionError(f"place {position} of {len(self.numbers)}")
            self.numbers[at:at] = numbers
        elif word == "ADDTO":
            self.numbers = sorted(self.numbers + numbers)
        elif position:
            if self.numbers[at:at + len(numbers)] != numbers:
                raise AssertionError(f"{numbers} are not at {position} of {self.numbers}")
            del self.numbers[at:at + len(numbers)]
        else:
            self.numbers = [n for n in self.numbers if n not in numbers]


def numbers_of(text):
    out = []
    for piece in text.split(","):
        first, _, last = piece.partition(":")
        out += range(int(first), int(last or first) + 1)
    return out


class Esearch:
    """The parts of an ESEARCH response."""

    def __init__(self, text):
        self.tag = re.match(r'ESEARCH \(TAG "([^"]*)"', text).group(1)
        self.uid = bool(re.search(r"\) UID\b", text))
        found = re.search(r" ALL ([\d:,]+)", text)
        self.all = numbers_of(found.group(1)) if found else []
        self.changes = []
        for word, pairs in re.findall(r" (ADDTO|REMOVEFROM) \(([^)]*)\)", text):
            items = pairs.split(" ")
            for position, numbers in zip(items[::2], items[1::2]):
                self.changes.append((word, int(position), numbers_of(numbers)))
