"""The command `roadlens`, one verb group a file. Commands say what they did on stdout and what went wrong on stderr."""
