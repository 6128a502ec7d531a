"""What a model is and what it needs: facts, files, weight types, sizes."""
