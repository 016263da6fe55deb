"""The pages, API and WebSockets of the monitor, and the pages of the history."""
