"""Who sends positions, and how each of them writes one down. Every source gives the same rows."""
