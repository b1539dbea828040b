"""The command line, run as its own process."""
