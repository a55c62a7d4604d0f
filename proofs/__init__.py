"""What leadsync promises, shown: each proof drives the production code, prints its figures and fails loudly."""
