"""What every room may use: errors, files, processes, records. Knows nothing of the rest."""
