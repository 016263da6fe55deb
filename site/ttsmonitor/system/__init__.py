"""The process and its computer: signals, locks, ports, CPU affinity, systemd, arguments."""
