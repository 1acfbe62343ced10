"""What a search relaxes: random crystals, cuts of the melt, and children of what was found."""
