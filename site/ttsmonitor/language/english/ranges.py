"""Ranges, scores and sequences of numbers in English."""

from __future__ import annotations

from ttsmonitor.language.ranges import range_rules

RULES = range_rules(to="to", slash="slash", or_more="or more")
