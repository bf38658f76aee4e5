"""What `roadlens doctor` looks at, one part a file: each says what is wrong, why that matters, and what to do."""
