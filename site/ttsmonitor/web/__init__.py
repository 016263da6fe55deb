"""What both sites build on: server, access, JSON APIs, WebSockets and translations."""
