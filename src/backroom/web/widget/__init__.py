"""The browser widget: its loaders and parts, receipts for reporters, and a page to try it on."""
