"""The doors: each turns one dialect's requests into commands and queries, and failures into its answers."""
