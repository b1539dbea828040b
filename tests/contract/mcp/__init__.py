"""The agents' door as its clients see it (Patchrooms, "MCP")."""
