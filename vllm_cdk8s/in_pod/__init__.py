"""Programs that run in pods, not here: each is one file of plain Python, handed to ``python3 -c`` as it is.

They take all their input as arguments and environment variables, so that no text of a user's is ever parsed as code.
"""
