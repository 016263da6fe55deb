"""Sound out: to a device, to files, or nowhere. No Django here."""
