"""One spelling for what people type in many: e-mails, phones and names (`person`), company names (`company`)."""
