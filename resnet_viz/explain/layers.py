"""At which layers can Grad-CAM look? Those whose maps can be laid over the picture, by their place in the net."""

from resnet_viz.nets import NetSpec


def cam_layers(spec: NetSpec) -> list[str]:
    """The stem and every block of a net, of a VGG net every activation, from the picture to the scores."""
    unit = "act" if spec.family == "vgg" else "block"
    stages = [[f"stage{k}.{unit}{i}" for i in range(1, n + 1)] for k, n in enumerate(spec.layout.blocks, 1)]
    return [*([] if spec.family == "vgg" else ["stem"]), *(name for stage in stages for name in stage)]


def same_place(layer: str, origin: NetSpec, spec: NetSpec) -> str:
    """The layer of another net that stands where `layer` does in its own: the same share of its way through."""
    theirs, ours = cam_layers(origin), cam_layers(spec)
    if not layer or origin == spec:
        return layer
    if layer in ours and origin.layout.blocks == spec.layout.blocks:
        return layer
    share = theirs.index(layer) / (len(theirs) - 1)
    return ours[round(share * (len(ours) - 1))]
