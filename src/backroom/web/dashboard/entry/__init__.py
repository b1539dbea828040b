"""Coming in: the first account, signing in, invitations, a new password."""
