"""Written text into the words to be said. No Django here."""
