"""The applications that Backroom is measured against."""
