"""The way of an utterance from the caller to the broker: queue, outbox, confirmation."""
