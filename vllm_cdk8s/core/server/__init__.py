"""What a server is made of, before anything stands in a tree."""
