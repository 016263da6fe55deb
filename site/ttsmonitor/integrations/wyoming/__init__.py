"""Our voices by the Wyoming protocol, for Home Assistant's Assist and other programs."""
