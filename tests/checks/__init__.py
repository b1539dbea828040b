"""Checks no other tool makes: that the documentation is true, and words that stay out."""
