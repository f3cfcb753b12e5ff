"""The conversation: what happens on its events, its uploads, and how it is drawn."""
