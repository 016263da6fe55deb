"""Signs that stand for words in English."""

from __future__ import annotations

import re

from ttsmonitor.language.rules import Region, Rule


def _hashtag(match: re.Match[str], _region: Region) -> str:
    return "hashtag " + re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", match["tag"])


RULES = (
    Rule(
        re.compile(
            r"/(?<=[a-z]{3}/)(?=\d{1,3}\s(?:hours?|minutes?|seconds?|days?|weeks?|months?|years?)\b)"
        ),
        lambda _match, _region: " every ",
        "/",
    ),
    Rule(re.compile(r"/(?<=liters/)(?=\d)"), lambda _match, _region: " per ", "/"),
    Rule(re.compile(r"\band/or\b"), lambda _match, _region: "and or", "/"),
    Rule(re.compile(r"(?<=[a-z])\s?/\s?(?=[A-Za-z]{2})"), lambda _match, _region: " or ", "/"),
    Rule(re.compile(r"\s{0,3}&\s{0,3}(?=\w)"), lambda _match, _region: " and ", "&"),
    Rule(re.compile(r"#\s?(?=\d)"), lambda _match, _region: "number ", "#"),
    Rule(re.compile(r"(?<![\w#&])#(?P<tag>[^\W\d]\w{0,60})"), _hashtag, "#"),
    Rule(re.compile(r"(?<=\w)\s?@\s?(?=\w)"), lambda _match, _region: " at ", "@"),
    Rule(re.compile(r"@(?=\w)"), lambda _match, _region: "at ", "@"),
    Rule(re.compile(r"(?<!\w)[~≈]\s?(?=\d)"), lambda _match, _region: "about ", "~≈"),
    Rule(re.compile(r"§{1,2}\s?(?=\d)"), lambda _match, _region: "section ", "§"),
    Rule(re.compile(r"©\s?"), lambda _match, _region: "copyright ", "©"),
    Rule(re.compile(r"\s?[®™]"), lambda _match, _region: "", "®™"),
    Rule(
        re.compile(r"(?<!\S)\+\s?(?=\w)|(?<=\w)\s\+\s(?=\w)"), lambda _match, _region: " plus ", "+"
    ),
    Rule(re.compile(r"(?<=[^\W\d_])\+\+(?!\w)"), lambda _match, _region: " plus plus", "+"),
    Rule(re.compile(r"(?<!\S)%(?!\S)"), lambda _match, _region: "percent", "%"),
)
