"""What stands around every page, and what all pages are made with."""
