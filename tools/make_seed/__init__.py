"""The maker of the demonstration's seed files: real companies from the register, invented people."""
