"""Both OpenAPI documents against the running server, by schemathesis."""
