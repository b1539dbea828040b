"""The Miniback dialect below `/api`."""
