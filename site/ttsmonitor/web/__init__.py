"""What pages and endpoints of both sites stand on: the server, who may enter, JSON, WebSockets, the
words, and a document of the API.
"""
