"""One question a file. Each prints its answer and writes it to results/, from where the documentation quotes it."""
