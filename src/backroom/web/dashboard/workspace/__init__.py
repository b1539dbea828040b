"""The workspace, its members and plan, the instance, and one's own account."""
