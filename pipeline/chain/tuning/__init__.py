"""The search for the best recipe: what all searches share, and one module for each objective."""
