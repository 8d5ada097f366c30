"""Patterns for expected server lines, and the canonical form of what a server sent.

A response is compared as one line of text in which every literal has become a quoted string, so a
dialogue need not know whether the server sent `"abc"` or `{3}`. Inside such a string CR, LF, NUL,
`"` and `\\` are written `\\r`, `\\n`, `\\0`, `\\"` and `\\\\`.

In an expected line everything stands for itself except:

    <*>            any run of characters, also none
    <+>            any run of characters, at least one
    <=regexp>      what the regular expression matches
    <name=regexp>  the same, kept under the name; %{name} in it is what was kept before
    <name>         what was kept under the name; itself when nothing was
    <set a b c>    these words in any order, nothing else
    <set a 1|b 2>  the same for items of several words
    <flags a b>    like set, and \\Recent may be among them (RFC 3501 2.3.2)
    <nums 1:3,7>   a sequence set of exactly these numbers, however it is written
"""

import re

TOKEN = re.compile(
    r"<(?:(?P<any>\*)|(?P<some>\+)|(?P<kind>set|flags|nums) (?P<items>[^>]*)"
    r"|(?P<name>[a-z][a-z0-9_]*)?=(?P<regexp>(?:[^>\\]|\\.)*)|(?P<use>[a-z][a-z0-9_]*))>")


class PatternError(Exception):
    """An expected line that cannot be understood: the dialogue is wrong, not the server."""


def decode(octets):
    """Bytes as text: UTF-8 where it is UTF-8, and every other octet kept apart."""
    return octets.decode("utf-8", "surrogateescape")


def quoted_inside(text):
    """What stands between the quotes when `text` is written in canonical form."""
    out = []
    for c in text:
        if c in '"\\':
            out.append("\\" + c)
        elif c in "\r\n\0":
            out.append({"\r": "\\r", "\n": "\\n", "\0": "\\0"}[c])
        elif 0xDC80 <= ord(c) <= 0xDCFF:
            out.append("\\x%02x" % (ord(c) - 0xDC00))
        elif ord(c) < 32 and c != "\t":
            out.append("\\x%02x" % ord(c))
        else:
            out.append(c)
    return "".join(out)


def expand_numbers(text):
    """The numbers a sequence set names; None when it is not one or is too large to compare."""
    numbers = []
    for part in text.split(","):
        ends = part.split(":")
        if len(ends) > 2 or not all(e.isascii() and e.isdigit() for e in ends):
            return None
        low, high = sorted((int(ends[0]), int(ends[-1])))
        if high - low > 1_000_000:
            return None
        numbers.extend(range(low, high + 1))
    return sorted(numbers)


def split_items(text):
    return sorted(i.strip() for i in (text.split("|") if "|" in text else text.split()))


class Pattern:
    """One expected line. `text` may hold blocks, marked by BLOCK[n], whose text is `blocks[n]`."""

    def __init__(self, text, blocks=()):
        self.text = text
        self.blocks = blocks

    def match(self, line, names):
        """True when `line` is as expected; then the names it keeps are added to `names`."""
        self._groups, self._checks = {}, []
        parts, at = [], 0
        for block in re.finditer("\x01(\\d+)\x01", self.text):
            parts.append(self._compile(self.text[at:block.start()], names, False))
            parts.append('"' + self._compile(self.blocks[int(block.group(1))], names, True) + '"')
            at = block.end()
        parts.append(self._compile(self.text[at:], names, False))
        try:
            found = re.fullmatch("".join(parts), line, re.DOTALL)
        except re.error as e:
            raise PatternError(f"bad regular expression in {self.text!r}: {e}") from e
        if not found or not all(check(found) for check in self._checks):
            return False
        names.update({name: found.group(group) for group, name in self._groups.items()})
        return True

    def _compile(self, text, names, in_block):
        out, at = [], 0
        plain = (lambda s: re.escape(quoted_inside(s))) if in_block else re.escape
        for token in TOKEN.finditer(text):
            out.append(plain(text[at:token.start()]))
            out.append(self._token(token, names, plain))
            at = token.end()
        out.append(plain(text[at:]))
        return "".join(out)

    def _token(self, token, names, plain):
        if token["any"]:
            return ".*?"
        if token["some"]:
            return ".+?"
        if token["kind"]:
            return self._items(token["kind"], token["items"])
        if token["regexp"] is not None:
            regexp = self._filled(token["regexp"], names)
            if not token["name"]:
                return f"(?:{regexp})"
            group = f"g{len(self._groups)}"
            self._groups[group] = token["name"]
            return f"(?P<{group}>{regexp})"
        return plain(names.get(token["use"], token[0]))

    def _filled(self, regexp, names):
        def use(m):
            if m[1] not in names:
                raise PatternError(f"%{{{m[1]}}} was never captured")
            return re.escape(names[m[1]])
        return re.sub(r"%\{([a-z][a-z0-9_]*)\}", use, regexp)

    def _items(self, kind, text):
        group = f"c{len(self._checks)}"
        if kind == "nums":
            wanted = expand_numbers(text)
            if wanted is None:
                raise PatternError(f"not a sequence set: {text!r}")
            self._checks.append(lambda m: expand_numbers(m.group(group)) == wanted)
            return f"(?P<{group}>[0-9:,]+)"
        wanted = split_items(text)
        several = "|" in text

        def check(m):
            got = m.group(group)
            if kind == "flags":
                return sorted(w for w in got.split() if w != "\\Recent") == sorted(wanted)
            return is_arrangement(got, wanted) if several else sorted(got.split()) == wanted

        self._checks.append(check)
        return f"(?P<{group}>[^\r\n]*?)"


def is_arrangement(got, items):
    """Whether `got` is the items in some order, one space between."""
    if not items:
        return got == ""
    for i, item in enumerate(items):
        rest = items[:i] + items[i + 1:]
        if got == item and not rest:
            return True
        if got.startswith(item + " ") and is_arrangement(got[len(item) + 1:], rest):
            return True
    return False
