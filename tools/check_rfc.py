#!/usr/bin/env python3
"""Checks the citations of RFCs in comments and in documentation: their notation, and that the
sections exist. The notation:

    RFC 9051                        the whole document
    RFC 9051 §6.4.4                 a section of it
    RFC 9051 §6.4.4, §7.5           several sections
    RFC 9051 appendix E             an appendix, also `appendix E.1`
    RFC 9051 §6.4.4, RFC 7162 §3.1  several documents

A section sign also follows the name of an Internet-Draft (draft-name-00 §2.2) or one of
OTHER_DOCUMENTS; those sections are not checked. The comments of C++ files are read, string literals
that consist of a citation, Markdown outside code blocks, and lines that begin with # in other files.

    tools/check_rfc.py [FILE...]        checks the files, by default all of the repository that it knows
    tools/check_rfc.py --fix [FILE...]  rewrites what it can; what is left is reported
    tools/check_rfc.py --index FOLDER   writes tools/rfc_sections.txt for the RFCs cited, from the texts
                                        FOLDER/rfcNNNN.txt; RFCs without a text keep their line
    tools/check_rfc.py --test           checks itself

Prints what is wrong; exit code 1 if there was anything."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SECTIONS_FILE = os.path.join(HERE, "rfc_sections.txt")
SOURCES = re.compile(r"(src|tests|bench)/.*\.(h|cc|md|py|dlg|inc)|(docs/)?[^/]*\.md")
OTHER_DOCUMENTS = ["OpenID Connect Core"]

HEADER = """\
# The sections of the RFCs cited in this repository, for tools/check_rfc.py: the number of the RFC, then
# its sections and appendices. "?" instead of sections: the text was not at hand, they are not checked.
# Written by: tools/check_rfc.py --index FOLDER
"""

# ---------------------------------------------------------------------------------------------------
# The text of a file as blocks of prose.


class Block:
    """Text without the marks of comments; `at[i]` is the place in the file of character i. A line break
    with what surrounds it is one blank, whose place is the end of the line."""

    def __init__(self):
        self.text, self.at = "", []

    def add(self, text, start):
        if self.text:
            kept = len(self.text.rstrip())
            self.text, self.at = self.text[:kept], self.at[:kept]
            self.at.append(self.at[-1] + 1)
            self.text += "\n"
        self.text += text
        self.at.extend(range(start, start + len(text)))


TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|R"(?P<mark>[^(\s"]*)\(.*?\)(?P=mark)"'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")|(?<!\w)\d[\w\'.]*|\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL,
)
COMMENT_LINE = re.compile(r"[ \t]*(?:/{2,}!?<?|/\*+|\*(?!/))?[ \t]*(.*?)[ \t]*(?:\*/)?$")
WHOLE_CITATION = re.compile(r'"(RFC \d{3,5}(?:,? *(?:§ *)?\d+(?:\.\d+)*)*)"$')


def blocks_of_cpp(text):
    block, end = None, -1
    for token in TOKEN.finditer(text):
        if token["string"] and (literal := WHOLE_CITATION.match(token["string"])):
            single = Block()
            single.add(literal[1], token.start() + 1)
            yield single
        if not token["comment"]:
            continue
        between = text[end : token.start()] if end >= 0 else None
        if block and (between.strip() or between.count("\n") != 1):
            yield block
            block = None
        block = block or Block()
        start = token.start()
        for line in token["comment"].split("\n"):
            content = COMMENT_LINE.match(line)
            block.add(content[1], start + content.start(1))
            start += len(line) + 1
        end = token.end()
    if block:
        yield block


def blocks_of_markdown(text):
    block, start, in_code = Block(), 0, False
    for line in text.split("\n"):
        bare = line.strip()
        fence = bare.startswith("```")
        alone = fence or in_code or not bare or bare.startswith(("|", "#"))
        if alone and block.text:
            yield block
            block = Block()
        if fence:
            in_code = not in_code
        elif bare and not in_code:
            block.add(bare, start + line.index(bare))
            if alone:
                yield block
                block = Block()
        start += len(line) + 1
    if block.text:
        yield block


def blocks_of_hash_comments(text):
    block, start = Block(), 0
    for line in text.split("\n"):
        comment = re.match(r"\s*#+ ?", line)
        if not comment and block.text:
            yield block
            block = Block()
        if comment:
            block.add(line[comment.end() :].rstrip(), start + comment.end())
        start += len(line) + 1
    if block.text:
        yield block


def blocks_of(path, text):
    if path.endswith(".md"):
        return blocks_of_markdown(text)
    return blocks_of_cpp(text) if path.endswith((".h", ".cc")) else blocks_of_hash_comments(text)


# ---------------------------------------------------------------------------------------------------
# Citations.

NUMBER = r"(\d{1,3}(?:\.\d{1,3})*)(?![\w%]|\.\d)"
LETTER = r"([A-Z](?:\.\d+)*)(?!\w)"
WORD = r"(?:[Ss]ections?|[Ss]ect?\.|[Pp]aragraphs?|[Cc]hapters?|[Cc]lauses?)"
APPENDIX = r"(?:[Aa]ppendi(?:x|ces)|[Aa]nnex|[Aa]pp\.)"
HEAD = re.compile(r"(?<![\w/.-])(RFCs?|rfcs?|Rfc)(\s+|\s?[-#]\s?|)(?!822(?:\D|$))(\d{3,5})(?!\w|-[a-z]|\.[a-z]|\.\d)")
OF_RFC = re.compile(rf"\b(?:{WORD}\s+|§\s*)" + NUMBER + r"\s+(?:of|in)\s+(?:the\s+)?RFC\s+(\d{3,5})(?!\w)(?!\s*§)")
FIRST_GOOD = re.compile(r"\s§" + NUMBER)
FIRST_GOOD_APPENDIX = re.compile(r"\sappendix\s" + LETTER)
FIRST = re.compile(rf"(?:\s*,)?(?:\s+|(?=§))(?:in\s+)?(?:{WORD}\s*|§+\s*)" + NUMBER)
FIRST_DOTTED = re.compile(r"(?:\s*,)?\s+(\d{1,3}(?:\.\d{1,3})+)(?![\w%]|\.\d)")
FIRST_BARE = re.compile(r"\s+" + NUMBER + r"(?=\s*[.:;,)]|$)")
FIRST_APPENDIX = re.compile(rf"(?:\s*,)?\s+{APPENDIX}\s+" + LETTER)
NEXT_GOOD = re.compile(r",\s§" + NUMBER)
NEXT_GOOD_APPENDIX = re.compile(r",\sappendix\s" + LETTER)
JOIN = r"(?:\s*,\s*(?:(?:and|or)\s+)?|\s+(?:and|or|&)\s+|\s*/\s*)"
NEXT = re.compile(JOIN + rf"(?:{WORD}\s+|§+\s*)" + NUMBER)
NEXT_DOTTED = re.compile(JOIN + r"(\d{1,3}(?:\.\d{1,3})+)(?![\w%]|\.\d)")
NEXT_BARE = re.compile(JOIN + NUMBER + r"(?=\s*[.:;,)]|$)")
NEXT_APPENDIX = re.compile(JOIN + rf"(?:{APPENDIX}\s+)" + LETTER)
RANGE = re.compile(r"\s*(?:-|–|\.\.|\s(?:to|through)\s)\s*§?\s*" + NUMBER)
RANGE_OF_RFCS = re.compile(r"\s*(?:-|–|\s(?:to|through)\s)\s*([1-9]\d{3})(?!\w)")
NEXT_RFC = re.compile(JOIN + r"(?=[1-9]\d{3}(?![\w.]\w|\w)\s*(?:[.,;:)|§]|and\b|$))")
ORPHAN = re.compile(rf"(?<![\w])(?:{WORD}\s+(?=\d)|§\s*)" + NUMBER + r"|§")
OTHER = re.compile(r"(?:draft-[a-z0-9-]+|%s)\s$" % "|".join(re.escape(d) for d in OTHER_DOCUMENTS))


class Finding:
    """What is wrong at `start` of a block; `edits` are (start, end, text) that put it right."""

    def __init__(self, kind, start, message, edits=()):
        self.kind, self.start, self.message, self.edits = kind, start, message, list(edits)


class Scan:
    """The citations of one block: `cited` has (RFC, section or None, place), `findings` what is wrong."""

    def __init__(self, text):
        self.text = text
        self.cited, self.findings, self.spans = [], [], []
        pos = 0
        while True:
            head, reversed_ = HEAD.search(text, pos), OF_RFC.search(text, pos)
            if reversed_ and (not head or reversed_.start() < head.start()):
                number, rfc = reversed_[1], int(reversed_[2])
                self.wrong("section before the RFC", reversed_, f"RFC {rfc} §{number}")
                self.cited.append((rfc, number, reversed_.start()))
                pos = reversed_.end()
                self.spans.append((reversed_.start(), pos))
            elif head:
                pos = self.citation(head)
                self.spans.append((head.start(), pos))
            else:
                break
        self.orphans()

    def wrong(self, kind, match, replacement, begin=None):
        """The citation begins at `begin`; `match` is the part of it that is to be replaced."""
        begin = match.start() if begin is None else begin
        shown = " ".join(self.text[begin : match.end()].split())
        expected = " ".join((self.text[begin : match.start()] + replacement).split())
        message = f'"{shown}" is not the notation; expected: "{expected}"'
        self.findings.append(Finding(kind, match.start(), message, [(match.start(), match.end(), replacement)]))

    def citation(self, head):
        rfc, pos = int(head[3]), head.end()
        if head[1] != "RFC" or head[2] not in (" ", "\n"):
            self.wrong("RFC and number", head, f"RFC {rfc}")
        pos, any_section = self.sections(rfc, head.start(), pos)
        if not any_section:
            self.cited.append((rfc, None, head.start()))
            if range_ := RANGE_OF_RFCS.match(self.text, pos):
                self.findings.append(Finding(
                    "range", head.start(), f'"{head[0]}{range_[0]}" is not the notation; name each RFC'))
                return range_.end()
        while following := NEXT_RFC.match(self.text, pos):
            number = re.compile(r"\d+").match(self.text, following.end())
            shown = number[0]
            self.findings.append(Finding(
                "number without RFC", number.start(), f'"{shown}" is not the notation; expected: "RFC {shown}"',
                [(number.start(), number.start(), "RFC ")]))
            rfc = int(shown)
            pos, any_section = self.sections(rfc, number.start(), number.end())
            if not any_section:
                self.cited.append((rfc, None, number.start()))
        return pos

    def sections(self, rfc, begin, pos):
        first, text = True, self.text
        while True:
            good = (FIRST_GOOD if first else NEXT_GOOD).match(text, pos)
            good_appendix = (FIRST_GOOD_APPENDIX if first else NEXT_GOOD_APPENDIX).match(text, pos)
            found = good or good_appendix
            if not found:
                options = [FIRST, FIRST_DOTTED, FIRST_BARE] if first else [NEXT, NEXT_DOTTED, NEXT_BARE]
                kinds = ["section in words", "number without §", "number without §"]
                for option, kind in zip(options, kinds):
                    if found := option.match(text, pos):
                        kind = "spelling of §" if "§" in found[0] else kind
                        self.wrong(kind, found, (" §" if first else ", §") + found[1], begin)
                        break
            if not found and (found := (FIRST_APPENDIX if first else NEXT_APPENDIX).match(text, pos)):
                self.wrong(
                    "spelling of appendix", found, (" appendix " if first else ", appendix ") + found[1], begin)
            if not found:
                return pos, not first
            self.cited.append((rfc, found[1], found.start()))
            pos, first = found.end(), False
            if found[1][0].isdigit() and (range_ := RANGE.match(text, pos)):
                self.findings.append(Finding(
                    "range", found.start(), f'"{found[1]}{range_[0]}" is not the notation; name each section'))
                pos = range_.end()

    def orphans(self):
        for match in ORPHAN.finditer(self.text):
            if any(start <= match.start() < end for start, end in self.spans):
                continue
            if OTHER.search(self.text, 0, match.start()):
                continue
            before = [rfc for rfc, _, place in self.cited if place < match.start()]
            shown = " ".join(match[0].split())
            edits = []
            expected = f"RFC NNNN §{match[1] or 'N'}"
            if before and match[1]:
                expected = f"RFC {before[-1]} §{match[1]}"
                edits = [(match.start(), match.end(), expected)]
            self.findings.append(Finding(
                "section without RFC", match.start(),
                f'"{shown}" does not say of which document; expected: "{expected}"', edits))


# ---------------------------------------------------------------------------------------------------
# What sections there are.


class Sections:
    def __init__(self, text=""):
        self.of = {}
        for line in text.splitlines():
            if (words := line.split("#")[0].split()):
                self.of[int(words[0])] = None if words[1:] == ["?"] else words[1:]

    def format(self):
        lines = []
        for rfc, names in sorted(self.of.items()):
            lines.append(" ".join([str(rfc)] + (["?"] if names is None else names)))
        return HEADER + "\n".join(lines) + "\n"

    def problem(self, rfc, section):
        """What is wrong with a citation; None when nothing is."""
        if rfc not in self.of:
            return (
                f"RFC {rfc} is not in tools/rfc_sections.txt; tools/check_rfc.py --index FOLDER adds it from its text, "
                f'or without a text add the line "{rfc} ?"'
            )
        names = self.of[rfc]
        if section is None or names is None or section in names:
            return None
        kind = "§" if section[0].isdigit() else "appendix "
        above = section
        while above and above not in names:
            above = above.rpartition(".")[0]
        near = [n for n in names if n.rpartition(".")[0] == above and n[0].isdigit() == section[0].isdigit()]
        where = f"of §{above} " if above and kind == "§" else ""
        return (f"RFC {rfc} has no {kind}{section}; the sections {where}there are: {', '.join(near) or 'none'}")


HEADING = re.compile(r"^(\d{1,2}(?:\.\d{1,3})*)\.?\s+\S")
APPENDIX_HEADING = re.compile(r"^\s{0,6}(?:Appendix|APPENDIX|Annex)\s+([A-Z](?:\.\d+)*)\b")
APPENDIX_SECTION = re.compile(r"^([A-Z](?:\.\d+)*)\.\s+\S|^([A-Z](?:\.\d+)+)\s+\S")
# RFC 3502 has a section 6.3.11, which replaces that of another RFC, and no section 6.3.
LONE_HEADING = re.compile(r"^(\d{1,2}(?:\.\d{1,3})+)\.\s\s+[A-Z]")
CONTENTS = re.compile(r"^\s*(\d{1,2}(?:\.\d{1,3})*|[A-Z](?:\.\d+)*)\.?\s+\S.*(?:\.\s?){3,}\s*\d+\s*$")


def order(section):
    parts = section.split(".")
    return [(not parts[0].isdigit(), int(parts[0]) if parts[0].isdigit() else ord(parts[0]))] + [
        (False, int(p)) for p in parts[1:]]


def sections_of_text(text):
    found, above = set(), set()
    for line in text.splitlines():
        if match := LONE_HEADING.match(line):
            above.add(match[1])
        for pattern in (HEADING, APPENDIX_HEADING, APPENDIX_SECTION, CONTENTS):
            if match := pattern.match(line):
                found.add(next(group for group in match.groups() if group))
    # A list or a figure may look like a heading: its numbers have no section above them.
    above |= {f for f in found if f.isdigit()}
    letter = "A"
    while letter in found:
        above.add(letter)
        letter = chr(ord(letter) + 1)
    for name in sorted(found - above, key=order):
        if "." in name and name.rpartition(".")[0] in above:
            above.add(name)
    return sorted(above, key=order)


# ---------------------------------------------------------------------------------------------------


def place_edits(block, edits):
    """Edits of a block as edits of the file. Line breaks inside what is replaced stay: the text up to
    the first blank goes before the first break, the rest behind the last one."""
    for start, end, text in edits:
        gap_first = block.text.find("\n", start, end)
        if gap_first < 0:
            at = block.at[start] if start < len(block.at) else block.at[-1] + 1
            yield at, block.at[end - 1] + 1 if end > start else at, text
            continue
        gap_last = block.text.rfind("\n", start, end)
        before, _, after = text.partition(" ") if " " in text else ("", "", text)
        yield block.at[start], block.at[gap_first], before
        if gap_last > gap_first:  # Whole lines in between go.
            yield block.at[gap_first], block.at[gap_last], ""
        yield block.at[gap_last + 1], block.at[end - 1] + 1, after


def apply(text, edits):
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def scan_file(path, text):
    for block in blocks_of(path, text):
        yield block, Scan(block.text)


def check(path, text, sections, out, counts):
    for block, scan in scan_file(path, text):
        problems = [(f.start, f.message) for f in scan.findings]
        for rfc, section, place in scan.cited:
            counts["citations"] += 1
            counts["rfcs"].add(rfc)
            if section and sections.of.get(rfc, []) is None:
                counts["unchecked"] += 1
                counts["unchecked_rfcs"].add(rfc)
            counts["sections"] += section is not None
            if problem := sections.problem(rfc, section):
                problems.append((place, problem))
        for place, message in problems:
            place = min(place, len(block.at) - 1)
            while block.text[place] in " \n,":
                place += 1
            line = text.count("\n", 0, block.at[place]) + 1
            out.append((path, line, message))


def new_counts():
    return {"citations": 0, "sections": 0, "unchecked": 0, "rfcs": set(), "unchecked_rfcs": set()}


def fix(path, text, kinds, notes):
    """The text with every finding corrected that can be; again until nothing changes."""
    for _ in range(10):
        edits = []
        for block, scan in scan_file(path, text):
            for finding in scan.findings:
                if not finding.edits:
                    continue
                edits.extend(place_edits(block, finding.edits))
                kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
                if finding.kind == "section without RFC":
                    line = text.count("\n", 0, block.at[finding.start]) + 1
                    notes.append(f"{path}:{line}: the RFC is a guess: {finding.message}")
        if not edits:
            return text
        text = apply(text, edits)
    return text


def files(named):
    if named:
        return [os.path.relpath(os.path.abspath(name), ROOT) for name in named]
    # What is under version control or about to be.
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True).stdout
    paths = {os.fsdecode(path) for path in listed.split(b"\0")}
    return sorted(p for p in paths if SOURCES.fullmatch(p) and os.path.exists(os.path.join(ROOT, p)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def write(path, text):
    with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
        f.write(text)


def read_sections():
    return Sections(read(SECTIONS_FILE)) if os.path.exists(SECTIONS_FILE) else Sections()


def index(folder):
    sections, old = Sections(), read_sections()
    for path in files([]):
        for _, scan in scan_file(path, read(path)):
            for rfc, _, _ in scan.cited:
                sections.of[rfc] = None
    for rfc in sections.of:
        name = os.path.join(folder, f"rfc{rfc}.txt")
        if os.path.exists(name):
            with open(name, encoding="utf-8", errors="replace") as f:
                sections.of[rfc] = sections_of_text(f.read())
        else:
            sections.of[rfc] = old.of.get(rfc)
    write(SECTIONS_FILE, sections.format())


def main(arguments):
    if arguments == ["--test"]:
        return test()
    if arguments[:1] == ["--index"]:
        if len(arguments) != 2:
            print("--index needs the folder of the RFC texts")
            return 2
        index(arguments[1])
        return 0
    if arguments[:1] == ["--fix"]:
        kinds, notes = {}, []
        for path in files(arguments[1:]):
            before = read(path)
            after = fix(path, before, kinds, notes)
            if after != before:
                write(path, after)
        for kind, count in sorted(kinds.items()):
            print(f"rewritten: {count} x {kind}")
        print("\n".join(notes))
        arguments = arguments[1:]
    sections, out, counts = read_sections(), [], new_counts()
    for path in files(arguments):
        check(path, read(path), sections, out, counts)
    for path, line, message in out:
        print(f"{path}:{line}: {message}")
    print(
        f"check_rfc: {counts['citations']} citations of {len(counts['rfcs'])} RFCs, {counts['sections']} of sections; "
        f"{counts['unchecked']} of them, of {len(counts['unchecked_rfcs'])} RFCs whose texts were not at hand, "
        "are not checked"
    )
    return 1 if out else 0


# ---------------------------------------------------------------------------------------------------


def test():
    sections = Sections("3207 1 4 4.1\n9051 6 6.4 6.4.4 7 7.5 E E.1 # note\n6409 ?\n2046 4 4.1\n")
    good = [
        "// RFC 9051, RFC 9051 §6.4.4, §7.5. And RFC 9051 appendix E.1, 5 of them (RFC 9051\n/// §7.5).\n",
        "// RFC 6409 §99: not checked. RFC822.SIZE, message/rfc822, rfc2047.h; draft-x-y-00 §2.2,\n",
        "int x = 1'000;  // it's OpenID Connect Core §5.1\nint y;  ///< RFC 9051: 6 of them\n",
        'f("RFC 9051 6.1.1 stays as it is");\n',
        "// RFC 9051 §6.4,\n// §7.5\n",
        "// RFC 9051, section by section. RFC 9051 takes 40 octets.\n",
        "// RFC 2046 §4.1\n\n// 16. The next comment has a number.\n",
    ]
    for text in good:
        out = []
        check("a.cc", text, sections, out, new_counts())
        assert not out, (text, out)
    # What is written, what --fix makes of it, and how many findings there were.
    wrong = [
        ("// RFC 9051 section 6.4.4.", "// RFC 9051 §6.4.4.", 1),
        ("// (RFC 9051, section 6.4.4)", "// (RFC 9051 §6.4.4)", 1),
        ("// RFC 9051 6.4.4: x", "// RFC 9051 §6.4.4: x", 1),
        ("// RFC 9051 7: x", "// RFC 9051 §7: x", 1),
        ("// RFC 9051 sections 6, 6.4 and 7.5)", "// RFC 9051 §6, §6.4, §7.5)", 3),
        ("// RFC 9051 §6 and §7.5.", "// RFC 9051 §6, §7.5.", 1),
        ("// RFCs 9051, 3207 and 2046.", "// RFC 9051, RFC 3207 and RFC 2046.", 3),
        ("// RFC9051 §6, RFC-9051", "// RFC 9051 §6, RFC 9051", 2),
        ("// RFC 9051 § 6; RFC 9051§7", "// RFC 9051 §6; RFC 9051 §7", 2),
        ("// RFC 9051, appendix E.", "// RFC 9051 appendix E.", 1),
        ("// Section 6.4 of RFC 9051 says", "// RFC 9051 §6.4 says", 1),
        ("// RFC 9051, 3207 §4.1)", "// RFC 9051, RFC 3207 §4.1)", 1),
        ("// as RFC 9051\n  // section 6 and\n  // 7.5 want", "// as RFC 9051\n  // §6,\n  // §7.5 want", 2),
        ("// as RFC 9051,\n/// section\n/// 6 wants", "// as RFC 9051\n/// §6 wants", 1),
        ("// RFC 9051 is long (section 7)", "// RFC 9051 is long (RFC 9051 §7)", 1),
        ('row("X", "RFC 9051 6.4, 7")', 'row("X", "RFC 9051 §6.4, §7")', 2),
        ('row("X", "RFC 9051 6")', 'row("X", "RFC 9051 §6")', 1),
    ]
    for text, expected, count in wrong:
        out, kinds = [], {}
        check("a.cc", text, sections, out, new_counts())
        assert len(out) == count, (text, out)
        fixed = fix("a.cc", text, kinds, [])
        left = []
        check("a.cc", fixed, sections, left, new_counts())
        flat = lambda t: re.sub(r"\s*\n\s*/+\s*", " ", t)
        assert flat(fixed) == flat(expected) and not left, (text, fixed, left)
    # Not to be corrected by the tool.
    for text, part in [
        ("// RFC 9051 §6.9", "RFC 9051 has no §6.9; the sections of §6 there are: 6.4"),
        ("\n\n// RFC 3207 appendix B", "has no appendix B"),
        ("// RFC 3207 §1, RFC 1234", "RFC 1234 is not in tools/rfc_sections.txt"),
        ("// see §4", "does not say of which document"),
        ("// RFC 9051 §6.4-§6.5", "name each section"),
        ("// RFC 2046-2049 have MIME", "name each RFC"),
    ]:
        out = []
        check("a.cc", text, sections, out, new_counts())
        assert out and part in out[0][2], (text, out)
        assert out[0][1] == text.count("\n") + 1, (text, out)
        assert fix("a.cc", text, {}, []) == text
    # Markdown: every row of a table by itself, no code blocks.
    out = []
    page = "| RFC 9051 | 6 |\n| §7 | x |\n```\nRFC 9051 section 6\n```\nas RFC 9051\n§6 says\n"
    check("a.md", page, sections, out, new_counts())
    assert [line for _, line, _ in out] == [2], out
    # Dialogues: lines that begin with #.
    dialogue = "# RFC 9051\n# section 6\nC: a1 RFC 9051 section 6\n"
    assert fix("a.dlg", dialogue, {}, []) == "# RFC 9051\n# §6\nC: a1 RFC 9051 section 6\n"
    # Headings of an RFC.
    text = (
        "   1. Introduction ..... 2\n1.  Introduction\n2.1 Two\n2.  Two\n6.5.  no\n8.1.1.  Lone\n   3. a list\n"
        "Appendix A.  More\nA.1.  Of it\n   Appendix B. ...\n"
    )
    assert sections_of_text(text) == ["1", "2", "2.1", "8.1.1", "A", "A.1", "B"], sections_of_text(text)
    assert Sections(sections.format()).of == sections.of
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
