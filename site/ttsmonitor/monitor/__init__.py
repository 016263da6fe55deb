"""What the pages and endpoints of this app show and do: the monitor, the history, whoever listens
in a browser. URLs, views and consumers stand above it.
"""
