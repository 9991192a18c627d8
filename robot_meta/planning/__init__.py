"""Planning: action sequences that a model imagines and a reward scores."""
