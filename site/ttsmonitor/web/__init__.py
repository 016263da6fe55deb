"""The base of both sites: server, access, JSON APIs, WebSockets and translations."""
