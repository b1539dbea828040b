"""What is neither dialect: health, the front page, and every path that nobody else has."""
