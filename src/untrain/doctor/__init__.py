"""What this machine has, and what is missing for what: facts and troubles as plain data."""
