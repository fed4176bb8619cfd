"""Files below one root, and what is made out of them."""
