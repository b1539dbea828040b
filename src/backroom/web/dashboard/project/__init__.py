"""One project: its channels, labels, widget, keys, figures and rooms for review."""
