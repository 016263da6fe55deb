"""Rules for words that hold in every database."""

MIN_PREFIX_LETTERS = 3


def is_prefix(word: str) -> bool:
    """Return True if `word` also finds longer words; two letters would find every third text."""
    return len(word) >= MIN_PREFIX_LETTERS
