"""From the broker into the history: subscription, inbox, quarantine."""
