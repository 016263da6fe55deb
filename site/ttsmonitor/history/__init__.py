"""What keeps the history and finds in it: searched, filtered, paged, counted and forgotten.

`upkeep` is what the database does by itself.
"""
