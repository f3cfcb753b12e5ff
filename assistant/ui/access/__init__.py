"""The page of the access log."""
