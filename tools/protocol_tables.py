#!/usr/bin/env python3
"""Writes the tables of docs/protocol-support.md that say what the program's own declarations say: the commands
of IMAP and POP3 (kSpec in the struct of each) and the capabilities of IMAP, with the RFC and the states. A table
stands between

    <!-- table: NAME (written by tools/protocol_tables.py) -->
    <!-- end of table -->

    tools/protocol_tables.py          checks that the page has what would be written; exit code 1 if not
    tools/protocol_tables.py --write  writes it
    tools/protocol_tables.py --test   checks itself"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = "docs/protocol-support.md"
IMAP_COMMANDS = "src/wire/imap/command/command.h"
IMAP_STRUCTS = [f"src/wire/imap/command/commands_{group}.h"
                for group in ("session", "mailbox", "append", "message", "metadata", "acl",
                              "notify")]
IMAP_CAPABILITIES = "src/server/imap/capability.cc"
POP3_COMMANDS = "src/wire/pop3/command.h"

# The sets of states that the commands name, and the values of capability.cc's When, in words.
IMAP_STATES = {
    "kAnyState": "any",
    "kBeforeLogin": "not authenticated",
    "kAfterLogin": "authenticated, selected",
    "kWhileSelected": "selected",
}
POP3_STATES = {"kAnyState": "any", "kBeforeLogin": "authorization", "kAfterLogin": "transaction"}
WHEN = {
    "always": "always",
    "before_login": "before login",
    "after_login": "after login",
    "start_tls": "before login, while STARTTLS is possible",
    "no_plaintext": "before login, while passwords are refused without TLS",
    "not_compressed": "after login, before COMPRESS",
}


class Error(Exception):
    pass


def array(text, name):
    """What stands between the braces of the array `name`."""
    match = re.search(rf"\b{name} = std::to_array<[\w:]+>\(\s*\{{(.*?)\}}\);", text, re.DOTALL)
    if not match:
        raise Error(f"there is no array {name}")
    return match[1]


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def rows(text, pattern, start):
    """All matches of `pattern`, of which there must be as many as of `start`."""
    text = without_comments(text)
    found = re.findall(pattern, text)
    if not found or len(found) != len(re.findall(start, text)):
        raise Error(f"{len(re.findall(start, text))} rows begin with {start}, of which {len(found)} can be read")
    return found


def word(words, key):
    if key not in words:
        raise Error(f"{key} has no words in tools/protocol_tables.py")
    return words[key]


STRING = r'"([^"]*)"'


def specs(variant, text):
    """The name, source, states and capability of each alternative of `variant`, from the structs in `text`."""
    text = without_comments(text)
    match = re.search(rf"using {variant} =\s*std::variant<([^;]*)>;", text)
    if not match:
        raise Error(f"there is no variant {variant}")
    pattern = (
        rf"struct (\w+) \{{\s*static constexpr CommandSpec kSpec\{{\s*\.name = {STRING},\s*\.source = {STRING},"
        rf"\s*\.states = (\w+)(?:,\s*\.capability = {STRING})?"
        rf"(?:,\s*\.selected_rights = {STRING})?(?:,\s*\.mailbox_rights = {STRING})?\}};"
    )
    declared = {name: spec for name, *spec in rows(text, pattern, r"CommandSpec kSpec\{")}
    alternatives = re.findall(r"\w+", match[1])
    if sorted(alternatives) != sorted(declared):
        raise Error(f"{variant} and the structs with kSpec differ: {set(alternatives) ^ set(declared)}")
    return [declared[name] for name in alternatives]


def rights(selected, mailbox):
    """The rights that a command always needs: on the selected mailbox, and on the one that it names."""
    one_of = " or ".join(mailbox)
    return ", ".join(filter(None, [selected and f"{selected} where it is selected", one_of and f"{one_of} where it is named"]))


def imap_commands(commands, capabilities):
    known = {name for name, _, _ in capability_rows(capabilities)}
    yield ["command", "defined in", "states", "capability", "rights"]
    for name, source, states, capability, selected, mailbox in specs("CommandBody", commands):
        if capability and capability not in known:
            raise Error(f"{name} needs {capability}, which is not in the table of capabilities")
        yield [name, source, word(IMAP_STATES, states), capability, rights(selected, mailbox)]


def pop3_commands(commands):
    yield ["command", "defined in", "states"]
    for name, source, states, *_ in specs("Command", commands):
        yield [name, source, word(POP3_STATES, states)]


def capability_rows(text):
    return rows(array(text, "kCapabilities"), rf"\{{\s*{STRING},\s*When::(\w+),\s*{STRING}\s*\}}", r"\{")


def imap_capabilities(text):
    needs = {}
    for name, other in rows(array(text, "kFoundations"), rf"\{{\s*{STRING},\s*{STRING}\s*\}}", r"\{"):
        needs.setdefault(name, []).append(other)
    in_rev2 = set(re.findall(STRING, array(text, "kInRev2")))
    yield ["capability", "defined in", "advertised", "needs", "part of IMAP4rev2"]
    for name, when, source in capability_rows(text):
        yield [name, source, word(WHEN, when), ", ".join(needs.get(name, [])), "yes" if name in in_rev2 else ""]


def markdown(lines):
    lines = list(lines)
    for number, cells in enumerate(lines):
        yield "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"
        if number == 0:
            yield "|" + "---|" * len(cells)


MARKED = re.compile(
    r"(<!-- table: ([\w-]+) \(written by tools/protocol_tables\.py\) -->\n)(.*?)(<!-- end of table -->\n)", re.DOTALL
)


def with_tables(page, tables):
    """The page with the tables in their places."""
    found = [match[2] for match in MARKED.finditer(page)]
    if sorted(found) != sorted(tables):
        raise Error(f"{PAGE} has places for the tables {sorted(found)}; there are {sorted(tables)}")
    return MARKED.sub(lambda m: m[1] + "\n" + "\n".join(markdown(tables[m[2]])) + "\n\n" + m[4], page)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def test():
    commands = (
        'struct B {\n  static constexpr CommandSpec kSpec{.name = "B",\n      .source = "RFC 2",\n'
        '      .states = kWhileSelected,  // note\n      .capability = "X=Y",\n'
        '      .selected_rights = "te", .mailbox_rights = "i"};\n  int b;\n};\nstruct C {};\n'
        'struct A {\n  static constexpr CommandSpec kSpec{\n'
        '      .name = "A", .source = "RFC 1 §1", .states = kAnyState};\n};\n'
        'using CommandBody =\n    std::variant<A,\n                 B>;\n'
    )
    capabilities = (
        'kCapabilities = std::to_array<Capability>({\n    {"X=Y", When::always, "RFC 2"},\n'
        '    {"Z", When::after_login, "RFC 3 §4"},\n});\n'
        'constexpr auto kInRev2 = std::to_array<std::string_view>(\n    {"Z", "W"});\n'
        'kFoundations = std::to_array<Foundation>({\n    {"Z", "X=Y"},\n});\n'
    )
    assert list(imap_commands(commands, capabilities))[1:] == [
        ["A", "RFC 1 §1", "any", "", ""], ["B", "RFC 2", "selected", "X=Y", "te where it is selected, i where it is named"]]
    assert list(imap_capabilities(capabilities))[1:] == [
        ["X=Y", "RFC 2", "always", "", ""], ["Z", "RFC 3 §4", "after login", "X=Y", "yes"]]
    pop3 = (
        'struct A {\n  static constexpr CommandSpec kSpec{.name = "A", .source = "RFC 1 §1", .states = kAfterLogin};\n'
        '};\nusing Command = std::variant<A>;\n'
    )
    assert list(pop3_commands(pop3))[1:] == [["A", "RFC 1 §1", "transaction"]]
    page = "a\n<!-- table: t (written by tools/protocol_tables.py) -->\nold\n<!-- end of table -->\nb\n"
    expected = page.replace("old\n", "\n| h | i |\n|---|---|\n| 1 | |\n\n")
    assert with_tables(page, {"t": [["h", "i"], ["1", ""]]}) == expected
    assert with_tables(expected, {"t": [["h", "i"], ["1", ""]]}) == expected
    for broken in [
        lambda: list(pop3_commands(pop3.replace('"A"', "kName"))),
        lambda: list(pop3_commands(pop3.replace("kAfterLogin", "kElse"))),
        lambda: list(pop3_commands(pop3.replace("<A>", "<A, B>"))),
        lambda: list(pop3_commands(pop3.replace("<A>", "<B>"))),
        lambda: list(pop3_commands("")),
        lambda: list(imap_commands(commands.replace("X=Y", "Q"), capabilities)),
        lambda: with_tables("no places", {"t": []}),
    ]:
        try:
            broken()
        except Error:
            continue
        assert False, "an error was expected"
    return 0


def main(arguments):
    if arguments == ["--test"]:
        return test()
    try:
        capabilities = read(IMAP_CAPABILITIES)
        imap = "".join(read(path) for path in [*IMAP_STRUCTS, IMAP_COMMANDS])
        tables = {
            "imap-commands": list(imap_commands(imap, capabilities)),
            "imap-capabilities": list(imap_capabilities(capabilities)),
            "pop3-commands": list(pop3_commands(read(POP3_COMMANDS))),
        }
        before = read(PAGE)
        after = with_tables(before, tables)
    except Error as error:
        print(f"protocol_tables: {error}")
        return 1
    if arguments == ["--write"]:
        with open(os.path.join(ROOT, PAGE), "w", encoding="utf-8") as f:
            f.write(after)
        return 0
    if before != after:
        for number, (old, new) in enumerate(zip(before.splitlines(), after.splitlines()), 1):
            if old != new:
                print(f"{PAGE}:{number}: is:        {old}\n{PAGE}:{number}: should be: {new}")
                break
        print(f"{PAGE}: the tables differ from those of the sources; tools/protocol_tables.py --write writes them")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
