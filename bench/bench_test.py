#!/usr/bin/env python3
"""Tests of what the bench makes of its numbers: verdicts, exponents, sections of the document."""

import os
import sys
import types
import unittest
import xml.dom.minidom

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import charts
import growth
import report
import rows


def measured(value, p99=0, unit="ms"):
    return {"value": value, "p99": p99, "unit": unit, "n": 1, "octets": 0, "wall_ms": 1,
            "server_cpu_us": 1, "client_cpu_us": 1, "turns": 1}


class Verdict(unittest.TestCase):
    def check(self, row, ours, theirs, expected):
        by_server = {"posthorn": measured(*ours)}
        if theirs:
            by_server["dovecot"], by_server["dovecot-tuned"] = map(measured, theirs)
        self.assertEqual(report.verdict(row, by_server), expected)

    def test_a_rate_is_against_the_better_dovecot(self):
        row = rows.Row("r", "r", goal=5)
        self.check(row, (500,), (50, 100), "met")
        self.check(row, (499,), (50, 100), "missed: 4.99x of 5x")
        self.check(row, (90,), (50, 100), "missed: 0.9x of 5x, behind Dovecot")

    def test_a_time_is_better_when_it_is_less(self):
        row = rows.Row("r", "r", goal=5, lower_is_better=True)
        self.check(row, (10,), (50, 100), "met")
        self.check(row, (11,), (50, 100), "missed: 4.55x of 5x")

    def test_bounds_are_of_the_value_and_of_the_slowest(self):
        row = rows.Row("r", "r", most=2, most_p99=5, lower_is_better=True)
        self.check(row, (2, 5), (9, 9), "met")
        self.check(row, (2.5, 4), None, "missed: 2.5 over 2")
        self.check(row, (1, 6), None, "missed: p99 6 over 5 ms")

    def test_nothing_measured_is_nothing_met(self):
        self.assertEqual(report.verdict(rows.Row("r", "r", goal=5), {"dovecot": measured(1)}), "-")
        self.check(rows.Row("r", "r", goal=5), (1,), None, "-")


class Growth(unittest.TestCase):
    def curve(self, f):
        return [(10**e, f(10**e)) for e in (3, 4, 5, 6)]

    def test_exponents(self):
        self.assertAlmostEqual(growth.exponent(self.curve(lambda n: n * n)), 2)
        self.assertAlmostEqual(growth.exponent(self.curve(lambda n: 7)), 0)

    def test_a_constant_part_does_not_hide_growth(self):
        self.assertTrue(growth.judge(self.curve(lambda n: 1 + n / 1e5), False)[1])

    def test_logarithms_and_noise_are_let_pass(self):
        import math
        self.assertFalse(growth.judge(self.curve(math.log), False)[1])
        self.assertFalse(growth.judge([(10, 1.0), (1000, 3.0)], False)[1])

    def test_what_reads_all_may_grow_in_proportion_and_no_faster(self):
        self.assertFalse(growth.judge(self.curve(lambda n: n / 1e3), True)[1])
        self.assertTrue(growth.judge(self.curve(lambda n: n**1.5 / 1e3), True)[1])


class Document(unittest.TestCase):
    def test_a_section_is_replaced_and_the_rest_stays(self):
        before = "a\n<!-- bench:table -->\nold\n<!-- bench:end -->\nb\n"
        after = report.replace_section(before, "table", "new \\1\n")
        self.assertEqual(after, "a\n<!-- bench:table -->\nnew \\1\n<!-- bench:end -->\nb\n")
        with self.assertRaises(SystemExit):
            report.replace_section(before, "limits", "")

    def test_charts_are_xml(self):
        xml.dom.minidom.parseString(charts.ratios([("a <b>", 0.01, 0), ("c", 5000, 3)]))
        xml.dom.minidom.parseString(charts.growth("t", "ms", {"a": [(10, 1), (1000, 0.5)]}))
        xml.dom.minidom.parseString(charts.growth("t", "ms", {}))


class Rows(unittest.TestCase):
    def test_every_row_has_a_name_of_its_own_and_posthorn_in_it(self):
        args = types.SimpleNamespace(quick=False, messages=50000, vast=1000000)
        found = rows.rows(args)
        self.assertEqual(len({row.name for row in found}), len(found))
        for row in found:
            self.assertIn("posthorn", row.servers)
            self.assertGreater(row.options(args)["count"], 0)


if __name__ == "__main__":
    unittest.main()
