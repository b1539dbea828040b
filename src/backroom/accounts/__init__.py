"""People, workspaces, members, plans and their monthly usage."""
