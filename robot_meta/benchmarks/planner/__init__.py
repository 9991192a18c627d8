"""How fast a planning step is beside other libraries, and how far few samples go."""
