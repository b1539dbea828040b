"""The sample data: its texts as files in `data/`, and what turns them into a store's rows."""
