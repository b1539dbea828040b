"""What the tests run the real program with: PostgreSQL, servers, commands and the cast."""
