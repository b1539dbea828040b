"""The workspace, its members and plan, the instance, and the person's account."""
