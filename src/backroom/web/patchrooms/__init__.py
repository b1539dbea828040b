"""The Patchrooms dialect below `/api/v1`."""
