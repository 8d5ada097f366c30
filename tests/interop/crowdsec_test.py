#!/usr/bin/env python3
"""CrowdSec, with our parser and scenario, on lines of a real server: it gives an alarm about who guesses passwords, and
about nobody whose address stands in a user name. From a file, and as the journal shows the lines."""

import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
import crowdsec  # noqa: E402
import fail2ban_test  # noqa: E402
from posthorn import expect, main, skip  # noqa: E402

PACKAGING = os.path.dirname(fail2ban_test.CROWDSEC)
# More than the scenario's capacity.
TIMES = 25


def from_many(lines):
    """Each line comes from an address of its own, many times. Returns the lines, and the addresses that are guilty."""
    many, guilty = [], set()
    for number, line in enumerate(lines, 1):
        address = f"192.0.2.{number}"
        # The first one is the field; what follows is the name's.
        moved, found = re.subn(r"address=127\.0\.0\.1 ", f"address={address} ", line, count=1)
        if not found:
            continue
        many += [moved] * TIMES
        if "login failed" in line and "reason=disabled" not in line:
            guilty.add(address)
    return many, guilty


def test():
    folder = tempfile.mkdtemp(prefix="posthorn-crowdsec-")
    try:
        there, reason = crowdsec.unpack(folder)
        if not there:
            skip(reason)
        lines, guilty = from_many(fail2ban_test.written("text"))
        expect(len(guilty) == 5 and len(lines) >= 7 * TIMES, "\n".join(sorted(set(lines))))
        program = crowdsec.CrowdSec(folder, os.path.join(PACKAGING, "posthorn-logs.yaml"),
                                    os.path.join(PACKAGING, "posthorn-bf.yaml"))
        in_journal = [f"Nov 29 21:03:11 mail posthorn[123]: {line}" for line in lines]
        for kind, shown in (("posthorn", lines), ("syslog", in_journal)):
            alarms = program.read(kind, shown)
            expect(sorted(alarms) == sorted(guilty),
                   f"{kind}: alarms about {sorted(alarms)}, not {sorted(guilty)}\n" + "\n".join(sorted(set(shown))))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(test)
