"""The speech service: composition, controls, status, health, and the process it runs in."""
