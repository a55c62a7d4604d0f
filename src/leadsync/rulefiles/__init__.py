"""What the files that admins write rules in have in common: strict tables, conditions, gates, governance, findings."""
