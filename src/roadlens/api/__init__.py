"""The admin API over HTTP: routes, the shapes of their answers, who may ask, and what errors look like."""
