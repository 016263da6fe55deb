"""The speech service: subscriber, speaker and sound put together, their health, and the process
that all of it is.
"""
