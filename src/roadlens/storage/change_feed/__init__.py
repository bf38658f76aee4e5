"""Tells every worker, at commit, which tags changed; and a writer, when all of them know."""
