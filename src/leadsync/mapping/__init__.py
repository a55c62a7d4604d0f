"""The mapping language: which field of one CRM is which of the other, who owns it, and what leadsync writes itself."""
