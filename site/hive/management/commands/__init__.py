"""Commands that run and set up the hive, the broker and a simulated robot."""
