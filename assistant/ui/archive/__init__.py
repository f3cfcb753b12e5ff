"""From nothing to an archive of one's own: folders chosen, looked through, and indexed on the page."""
