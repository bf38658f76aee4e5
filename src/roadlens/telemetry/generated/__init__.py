"""A portfolio of any size for measuring: trips, events and scores in the shape of real ones, written at once."""
