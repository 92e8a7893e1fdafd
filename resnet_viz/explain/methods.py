"""In which ways can an answer be explained? Every method with its parameters, and how a map is asked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

Value = float | int | str
BASELINES = {"gray": "mean gray: zero after normalization", "blur": "the picture itself, blurred"}
NOISES = {  # NoiseTunnel's own names
    "": "none",
    "smoothgrad": "SmoothGrad: the mean over noisy copies (Smilkov et al. 2017)",
    "smoothgrad_sq": "SmoothGrad squared: the mean of squares (Hooker et al. 2019)",
    "vargrad": "VarGrad: the variance over noisy copies (Adebayo et al. 2018)",
}
RELU_NOTE = "It changes the gradient at every ReLU, and is nothing but the gradient where a net has none."


class AttributionError(ValueError):
    """A map that cannot be made as asked; the message is a sentence."""


@dataclass(frozen=True)
class Parameter:
    """One number or one choice of a method: what it is called, its default, and what is allowed."""

    title: str
    default: Value
    least: float = 0.0
    most: float = 0.0
    choices: dict[str, str] = field(default_factory=dict)
    help: str = ""

    def check(self, value: Any) -> None:
        """Raises AttributionError with a sentence for a value that is not allowed."""
        if self.choices:
            if value not in self.choices:
                raise AttributionError(f"{self.title} is {value!r}; choose one of {', '.join(self.choices)}.")
            return
        kind = int if isinstance(self.default, int) else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not self.least <= value <= self.most:
            raise AttributionError(f"{self.title} is {value!r}; it goes from {self.least:g} to {self.most:g}.")


@dataclass(frozen=True)
class Method:
    """One way to attribute: its name, what it does in a sentence, its paper, and its parameters.

    `signed`: values below zero speak against the class. `is_complete`: the shares of all pixels add up to how far the
    score of the picture is above that of the baseline. `uses_layer`: it looks at the maps of one layer.
    """

    title: str
    note: str
    source: str
    parameters: dict[str, Parameter] = field(default_factory=dict)
    signed: bool = True
    is_complete: bool = False
    uses_layer: bool = False


_BASELINE = Parameter("Baseline", "gray", choices=BASELINES, help="What a picture without the object looks like.")
_WINDOWS = Parameter("Windows a side", 8, 2, 32, help="A window is a side of the picture divided by this.")

METHODS = {
    "saliency": Method(
        "Saliency",
        "The absolute gradient of the class score: which pixels would change it most.",
        "Simonyan et al. 2013",
        signed=False,
    ),
    "input_x_gradient": Method(
        "Input x Gradient",
        "The gradient times the pixel: what a linear net of this slope would owe to it.",
        "Shrikumar et al. 2016",
    ),
    "integrated_gradients": Method(
        "Integrated Gradients",
        "Gradients summed on the way from a baseline to the picture; the shares add up to the change of the score.",
        "Sundararajan et al. 2017",
        {"steps": Parameter("Points on the way", 50, 8, 300), "baseline": _BASELINE},
        is_complete=True,
    ),
    "gradient_shap": Method(
        "Gradient SHAP",
        "Gradients at random points on the way from gray to noisy copies of the picture: Shapley values, in the mean.",
        "Lundberg and Lee 2017",
        {
            "samples": Parameter("Random points", 20, 4, 200),
            "noise": Parameter("Noise", 0.1, 0.0, 1.0, help="Deviation of what is added, in the net's own units."),
        },
        is_complete=True,
    ),
    "deep_lift": Method(
        "DeepLift",
        "How far every unit is from what it is for the baseline, led back through the layers in one pass.",
        "Shrikumar et al. 2017",
        {"baseline": _BASELINE},
        is_complete=True,
    ),
    "guided_backprop": Method(
        "Guided Backprop",
        f"The gradient, with only what is positive passed back. {RELU_NOTE}",
        "Springenberg et al. 2015",
    ),
    "deconvolution": Method(
        "Deconvolution",
        f"The way back through the layers, whatever the units did on the way there. {RELU_NOTE}",
        "Zeiler and Fergus 2014",
    ),
    "grad_cam": Method(
        "Layer Grad-CAM",
        "The maps of a layer, each weighed by its gradient, enlarged to the picture.",
        "Selvaraju et al. 2017",
        {
            "keep": Parameter(
                "Keep",
                "positive",
                choices={"positive": "only what speaks for the class", "all": "what speaks against it too"},
            )
        },
        uses_layer=True,
    ),
    "guided_grad_cam": Method(
        "Guided Grad-CAM",
        "Guided Backprop where Grad-CAM is positive: fine lines in the coarse place.",
        "Selvaraju et al. 2017",
        uses_layer=True,
    ),
    "occlusion": Method(
        "Occlusion",
        "How far the score falls when a window is covered; windows overlap by half.",
        "Zeiler and Fergus 2014",
        {"windows": _WINDOWS, "baseline": _BASELINE},
    ),
    "feature_ablation": Method(
        "Feature Ablation",
        "How far the score falls without one square of a grid.",
        "Kokhlikyan et al. 2020 (Captum)",
        {"windows": _WINDOWS, "baseline": _BASELINE},
    ),
}


@dataclass(frozen=True)
class AttributionConfig:
    """How a map is made. `params` are the method's; what is not named is as METHODS has it.

    `layer` is the module that Grad-CAM looks at ("": the last stage). With a `noise` of NOISES the map is made of
    `noise_samples` noisy copies, `noise_std` in units of the net's normalized input. `seed` draws what is random.
    Raises AttributionError with a sentence for what is unknown or out of range.
    """

    method: str = "saliency"
    params: Mapping[str, Value] = field(default_factory=dict)
    layer: str = ""
    noise: str = ""
    noise_samples: int = 8
    noise_std: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise AttributionError(f"The method {self.method!r} is unknown; choose one of {', '.join(METHODS)}.")
        known = METHODS[self.method].parameters
        for name, value in self.params.items():
            if name not in known:
                raise AttributionError(f"{METHODS[self.method].title} has no parameter {name!r}.")
            known[name].check(value)
        for name, parameter in NOISE_PARAMETERS.items():
            parameter.check(getattr(self, name))
        full = {name: self.params.get(name, parameter.default) for name, parameter in known.items()}
        object.__setattr__(self, "params", MappingProxyType(full))

    @property
    def about(self) -> Method:
        """The entry of METHODS."""
        return METHODS[self.method]

    @property
    def signed(self) -> bool:
        """Whether values below zero speak against the class."""
        grows = self.method == "grad_cam" and self.params["keep"] == "positive"
        return self.about.signed and not grows and self.noise in ("", "smoothgrad")

    @property
    def title(self) -> str:
        """The method's name, and the noise it is under."""
        return self.about.title + (f", {NOISES[self.noise].partition(':')[0]}" if self.noise else "")

    def to_text(self) -> str:
        """All of it as JSON: equal for equal maps, so that a cache can go by it."""
        fields: dict[str, Any] = {"method": self.method, "params": dict(self.params)}
        if self.about.uses_layer:
            fields["layer"] = self.layer
        if self.noise:
            fields |= {name: getattr(self, name) for name in NOISE_PARAMETERS}
        return json.dumps(fields | {"seed": self.seed}, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> "AttributionConfig":
        """What `to_text` wrote. Raises AttributionError for anything else."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError, AttributeError) as error:
            if isinstance(error, AttributionError):
                raise
            raise AttributionError(f"{text[:80]!r} does not say how a map is made.") from error


NOISE_PARAMETERS = {
    "noise": Parameter("Noise around the picture", "", choices=NOISES),
    "noise_samples": Parameter("Noisy copies", 8, 2, 64),
    "noise_std": Parameter("Deviation of the noise", 0.15, 0.01, 2.0, help="In units of the net's normalized input."),
    "seed": Parameter("Seed", 0, 0, 2**31 - 1),
}
