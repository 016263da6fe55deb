"""How dates and times are written, one format a language.

The scripts of the pages write them the same way: see ttsmonitor/static/ttsmonitor/times.js.
"""
