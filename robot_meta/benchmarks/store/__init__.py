"""What the replay store promises, held against kills, power cuts, damage, full disks and size."""
