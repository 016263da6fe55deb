"""The way to the broker of what a robot says: handed over, kept until it is confirmed, published;
and the plug-in, which hands over what an OpenMoxie says that knows nothing of it.
"""
