"""melt2crystal: does a machine-learning potential that has seen only the melt know the crystals?"""

__version__ = "0.2.0"
