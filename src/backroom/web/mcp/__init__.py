"""The way in for agents: the Model Context Protocol at `/mcp` (Patchrooms, "MCP")."""
