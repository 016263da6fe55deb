"""Ranges, scores and sequences of numbers in English."""

from __future__ import annotations

from ttsmonitor.language.ranges import degree_pairs, range_rules

DEGREE_PAIRS = (degree_pairs("to"),)
RULES = range_rules(to="to", slash="slash", or_more="or more")
