"""How figures look, and how crystals are drawn. No science is computed here."""
