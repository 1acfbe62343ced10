"""How figures look, and what is drawn in more than one of them."""
