"""What stands before every page and route: who comes in, what they may do, and what of it all is reached."""
