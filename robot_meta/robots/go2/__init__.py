"""A Unitree Go2 over its DDS topics, in processes of their own."""
