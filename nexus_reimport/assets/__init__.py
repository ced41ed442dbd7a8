"""The assets, thin: what they depend on, a call or two, and what they tell about themselves."""
