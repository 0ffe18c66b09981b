"""How good the presets are: real tables, other methods on the same rows, docs/quality.md from the results."""
