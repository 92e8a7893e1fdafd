"""How long will it take? Multiply-adds of the run over the speed measured on a small net."""

from resnet_viz.nets import NetSpec, layer_table

PROBE = NetSpec("resnet", 8, "A", in_channels=1)
PROBE_PICTURES, PROBE_SIZE = 64, 16
EVALUATION_SHARE = 1 / 3  # a forward pass costs a third of a training step


def estimate_seconds(
    spec: NetSpec, epochs: int, train_count: int, test_count: int, size: int, probe_step_seconds: float
) -> float:
    """Seconds that a run takes where a step of the probe net takes `probe_step_seconds`.

    Time goes with multiply-adds: stages have the same proportions at every depth.
    """
    pictures = epochs * (train_count + EVALUATION_SHARE * test_count)
    cost = layer_table(spec, size)["multiply_adds"].sum() / layer_table(PROBE, PROBE_SIZE)["multiply_adds"].sum()
    return float(pictures / PROBE_PICTURES * cost * probe_step_seconds)
