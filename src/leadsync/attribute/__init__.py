"""Which channel and campaign brought a lead: nine models, exact, for one lead and for all."""
