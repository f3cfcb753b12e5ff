"""The search page: what is looked for, its filters, and the gallery of what was found."""
