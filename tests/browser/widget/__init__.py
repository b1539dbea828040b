"""The widget in a real browser, on pages of another site, against the real server."""
