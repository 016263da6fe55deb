"""What a process needs of the computer it runs on: signals, locks, ports, secrets, systemd, a
database connection for each thread, and arguments that are looked at before anything is done.
"""
