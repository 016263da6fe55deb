"""The history: search, filters, pages, statistics, retention and deletion."""
