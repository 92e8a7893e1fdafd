"""Which nets are so narrow that 1202 layers train within minutes? Three of them, and how they learn from few digits."""

from typing import Any

from resnet_viz.nets import NetSpec

SHALLOW = NetSpec("resnet", 20, width=4)
DEEP = NetSpec("resnet", 1202, width=4)
STOCHASTIC = NetSpec("resnet", 1202, width=4, survival=0.5)
TRIO = (SHALLOW, DEEP, STOCHASTIC)
# The rate is that with which He et al. 2015, sec. 4.2, begin where a net is deep; at 0.05 the deep one hardly learns.
RECIPE: dict[str, Any] = {"subset": 256, "batch_size": 64, "epochs": 40, "peak_lr": 0.01, "recompute": "off"}
