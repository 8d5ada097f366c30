#!/usr/bin/env python3
"""Checks every #include under src/ against tools/layers.txt. Prints what is not allowed; exit code 1
if there was any. With --test it checks itself."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
TEST_FILE = re.compile(r"(_test\.cc|_fuzz\.cc|(^|/)test_[^/]*|_(testing|fixture)\.(h|cc)|(^|/)conformance[^/]*)$")


class Rules:
    def __init__(self, text):
        self.allowed, self.for_tests, self.third_party, self.spelled_by = {}, {}, [], {}
        for line in text.splitlines():
            line = line.split("#")[0].strip()
            if not line:
                continue
            if line.startswith("<"):
                prefix, *folders = line[1:].split()
                self.third_party.append((prefix, folders))
                continue
            if line.startswith("!"):
                text_, *folders = line[1:].split()
                self.spelled_by[text_] = folders
                continue
            name, _, names = line.partition(":")
            into = self.allowed
            if name.startswith("test "):
                name, into = name[5:], self.for_tests
            into[name.strip()] = names.split()

    def layer_of(self, path):
        """The longest name in the rules that is the start of the path; None when there is none."""
        parts = path.split("/")
        for n in range(len(parts) - 1, 0, -1):
            name = "/".join(parts[:n])
            if name in self.allowed:
                return name
        return None

    def findings(self, path, text):
        layer = self.layer_of(path)
        if layer is None:
            yield f"{path}: its folder is not in tools/layers.txt"
            return
        is_test = bool(TEST_FILE.search(path))
        for spelled, folders in self.spelled_by.items():
            if not is_test and spelled in text and not any(path.startswith(f + "/") for f in folders):
                yield f"{path}: {spelled} is for {' '.join(folders)} only"
        allowed = [layer] + self.allowed[layer] + (self.for_tests.get(layer, []) if is_test else [])
        for bracket, target in INCLUDE.findall(text):
            if bracket == '"':
                if not any(target.startswith(a + "/") for a in allowed):
                    yield f'{path}: {layer} may not include "{target}"'
                continue
            for prefix, folders in self.third_party:
                if target.startswith(prefix):
                    if not any(path.startswith(f + "/") for f in folders):
                        yield f"{path}: <{target}> is for {' '.join(folders) or 'nobody'} only"
                    break
            if target.startswith(("gtest/", "gmock/")) and not is_test:
                yield f"{path}: <{target}> is for tests only"


def check(rules, root):
    count = 0
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            if name.endswith((".h", ".cc")):
                full = os.path.join(folder, name)
                with open(full, encoding="utf-8", errors="replace") as f:
                    for finding in rules.findings(os.path.relpath(full, root), f.read()):
                        print("src/" + finding)
                        count += 1
    return count


def test():
    rules = Rules("a:\nb: a\ns/x: b\ns/y: b\ntest a: b\n<boost/asio b\n<boost/json a\n!x::Y& b s/x\n")
    cases = [
        ("a/f.h", '#include "a/g.h"\n#include <vector>', 0),
        ("a/f.h", '#include "b/g.h"', 1),
        ("a/f_test.cc", '#include "b/g.h"\n#include <gtest/gtest.h>', 0),
        ("a/f.cc", "#include <gtest/gtest.h>", 1),
        ("b/f.cc", '#include "a/g.h"\n  #  include <boost/asio.hpp>', 0),
        ("b/f.cc", "#include <boost/json.hpp>", 1),
        ("s/x/f.cc", '#include "s/y/g.h"', 1),
        ("s/x/f.cc", '#include "s/x/g.h"\n#include "b/c.h"', 0),
        ("nowhere/f.cc", "", 1),
        ("a/f.cc", "void f(x::Y& y);", 1),
        ("a/f_test.cc", "void f(x::Y& y);", 0),
        ("s/x/f.cc", "void f(x::Y& y);", 0),
    ]
    for path, text, expected in cases:
        found = list(rules.findings(path, text))
        assert len(found) == expected, (path, text, found)


def main():
    if "--test" in sys.argv:
        test()
        return 0
    with open(os.path.join(HERE, "layers.txt"), encoding="utf-8") as f:
        rules = Rules(f.read())
    return 1 if check(rules, os.path.join(os.path.dirname(HERE), "src")) else 0


if __name__ == "__main__":
    sys.exit(main())
