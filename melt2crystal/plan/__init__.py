"""What a study will cost, before it runs: amounts that the study asks for times the costs of their units."""
