"""Sound outputs: a device, browsers, files, or none. No Django here.

A new output is a module with an Output and a line in outputs.py.
"""
