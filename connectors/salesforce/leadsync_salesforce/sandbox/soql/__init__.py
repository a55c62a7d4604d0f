"""SOQL as the sandbox understands it: tokens, syntax tree, conditions as functions, and results."""
