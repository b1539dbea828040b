"""What a client written for Miniback expects; each test cites the line that it holds Backroom to."""
