"""The arm keeps following its path when its body changes: who adapts, and how well."""
