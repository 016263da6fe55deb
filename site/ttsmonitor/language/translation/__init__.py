"""Translation of sentences into the listener's language. No Django here."""
