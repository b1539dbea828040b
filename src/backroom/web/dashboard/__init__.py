"""The dashboard: where a team reads, sorts and answers. Pages are made on the server."""
