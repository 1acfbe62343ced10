"""How released labels and crystals are made, chosen and described."""
