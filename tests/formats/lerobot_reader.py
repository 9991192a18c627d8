"""Read a data set with the real LeRobot and write down what it gave; run by .venv-lerobot."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import numpy as np
import torch


def stand_in_for_compiled_operators():
    """Name torchvision's operators, which are not installed; LeRobot's reader calls none."""
    (folder,) = importlib.util.find_spec("torchvision").submodule_search_locations
    source = Path(folder, "_meta_registrations.py").read_text()
    library = torch.library.Library("torchvision", "DEF")
    for name in set(re.findall(r'register_(?:meta|fake)\("(?:torchvision::)?(\w+)"', source)):
        library.define(f"{name}(Tensor unused) -> Tensor")
    return library


library = stand_in_for_compiled_operators()
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402

root, out = sys.argv[1:]
dataset = LeRobotDataset("local/exported", root=root, video_backend="pyav")
rate = dataset.fps
window = LeRobotDataset(
    "local/exported",
    root=root,
    video_backend="pyav",
    episodes=[1],
    delta_timestamps={"observation.state": [-1 / rate, 0.0], "action": [0.0, 1 / rate]},
)
loader = torch.utils.data.DataLoader(dataset, batch_size=16, shuffle=True)
batch = next(iter(loader))
table = dataset.hf_dataset.with_format("arrow")[:]
columns = {name: table.column(name).combine_chunks() for name in table.column_names}
rows = {n: c.flatten() if hasattr(c, "flatten") else c for n, c in columns.items()}
np.savez(out, **{name: values.to_numpy(zero_copy_only=False) for name, values in rows.items()})
items = [dataset[index] for index in range(len(dataset))]


def number_in(picture):
    """Of white bars on black, the number that they are the bits of; (3, H, W)."""
    bars = picture.mean(dim=(0, 1)).reshape(16, -1).mean(dim=1)
    return sum(1 << i for i, bar in enumerate(bars.tolist()) if bar > 0.5)


cameras = dataset.meta.video_keys
report = {
    "filmed": {key: [number_in(item[key]) for item in items] for key in cameras},
    "colours": {key: np.shape(dataset.meta.stats[key]["mean"]) for key in cameras},
    "episodes": dataset.num_episodes,
    "frames": len(dataset),
    "rate": rate,
    "robot": dataset.meta.robot_type,
    "tasks": [item["task"] for item in items],
    "names": dataset.meta.names["observation.state"],
    "bounds": [[e["dataset_from_index"], e["dataset_to_index"]] for e in dataset.meta.episodes],
    "mean": dataset.meta.stats["action"]["mean"].tolist(),
    "window": list(window[3]["observation.state"].shape),
    "window_is_before": bool(
        torch.equal(window[3]["observation.state"][0], window[2]["observation.state"][1])
    ),
    "batch": list(batch["observation.state"].shape),
    "item": items[5]["observation.state"].tolist(),
}
print(json.dumps(report))
