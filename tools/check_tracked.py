#!/usr/bin/env python3
"""Refuses files under version control that a build or an interpreter made. Prints them; exit code 1
if there were any. With --test it checks itself."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Matched against the path from the top folder. Folders first, then endings, then whole names.
PRODUCTS = re.compile(
    r"(^|/)(build|cmake-build-[^/]*|CMakeFiles|__pycache__|node_modules|\.ccache)/"
    r"|\.(pyc|pyo|o|obj|a|so(\.\d+)*|lo|la|gch|pch|gcda|gcno|profraw|profdata)$"
    r"|(^|/)(CMakeCache\.txt|cmake_install\.cmake|compile_commands\.json|core(\.\d+)?)$"
)


def products(paths):
    return [path for path in paths if PRODUCTS.search(path)]


def tracked(folder):
    listed = subprocess.run(["git", "-C", folder, "ls-files", "-z"], check=True, capture_output=True)
    return [os.fsdecode(path) for path in listed.stdout.split(b"\0") if path]


def test():
    bad = [
        "tests/interop/__pycache__/curl_test.cpython-311.pyc", "a.pyc", "build/release/x.ninja",
        "src/base/log.o", "lib/libx.a", "lib/libx.so.1.2", "CMakeCache.txt", "src/CMakeFiles/x.make",
        "tests/node_modules/imapflow/index.js", "core", "core.1234", "bench/x.profraw",
    ]
    good = [
        "src/store/core.cc", "src/app/core.h", "tools/check_tracked.py", "docs/build.md", "bench/build.py",
        "tests/fuzz/corpus/x/00ff.o1", "src/CMakeLists.txt", "src/base/so.cc", "CMakePresets.json",
    ]
    missed = [path for path in bad if not products([path])]
    wronged = products(good)
    for path in missed:
        print(f"not found: {path}")
    for path in wronged:
        print(f"found, but is a source: {path}")
    return 1 if missed or wronged else 0


def main():
    if sys.argv[1:] == ["--test"]:
        return test()
    found = products(tracked(os.path.dirname(HERE)))
    for path in found:
        print(f"{path}: a build product is under version control; git rm --cached it")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
