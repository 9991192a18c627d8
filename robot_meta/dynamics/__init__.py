"""Learned dynamics: the model, what adapts it, and how both are meta-trained."""
