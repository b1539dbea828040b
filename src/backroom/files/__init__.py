"""Screenshots and voice notes: judged by their bytes, kept durably, read back."""
