"""Projects, their keys, their channels, and how a report finds its channel."""
