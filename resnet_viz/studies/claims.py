"""What do the article and the papers claim? Each claim in our own words, and the rule that judges it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from resnet_viz.nets import NetSpec
from resnet_viz.studies import by_counting, by_runs, by_studies, narrow
from resnet_viz.studies.evidence import Evidence, Finding, Verdict

SEEDS = (0, 1, 2)
PLAIN_20, PLAIN_56 = NetSpec("plain", 20), NetSpec("plain", 56)
RES_20, RES_56 = NetSpec("resnet", 20), NetSpec("resnet", 56)
HE_2015, HE_2016, ARTICLE = "He et al. 2015", "He et al. 2016", "the article"


@dataclass(frozen=True)
class Again:
    """What is run to judge a claim anew: a question, or nets by a recipe on digits with each of SEEDS.

    A question about trained nets is about those of these families of each of `depths`.
    """

    question: str = ""
    depths: tuple[int, ...] = (56,)
    families: tuple[str, ...] = ("plain", "resnet")
    specs: tuple[NetSpec, ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Claim:
    """A sentence in our own words, who claims it, how it is judged, the page that shows it, and what repeats it."""

    key: str
    sentence: str
    source: str
    judge: Callable[[Evidence], Finding]
    page: str
    again: Again | None = None


def _trained(*specs: NetSpec, **recipe: Any) -> Again:
    return Again(specs=specs, recipe=recipe)


def _beyond(_: Evidence) -> Finding:
    return Finding(Verdict.UNTESTED, "Such nets train on ImageNet for weeks on one machine; no such run is here.")


DEGRADATION = (
    Claim(
        "deeper_plain",
        "A deeper plain net ends with a higher error than a shallower one.",
        f"{HE_2015}, sec. 1 and Fig. 1",
        by_runs.beats(PLAIN_20, PLAIN_56),
        "degradation",
        _trained(PLAIN_20, PLAIN_56),
    ),
    Claim(
        "not_overfitting",
        "That is not overfitting: the deeper plain net has the higher training error as well.",
        f"{HE_2015}, sec. 1",
        by_runs.beats(PLAIN_20, PLAIN_56, "train_error"),
        "degradation",
        _trained(PLAIN_20, PLAIN_56),
    ),
    Claim(
        "easier",
        "With shortcuts the same layers are easier to optimize: the residual net ends with a lower training error.",
        f"{HE_2015}, abstract",
        by_runs.beats(RES_56, PLAIN_56, "train_error"),
        "degradation",
        _trained(RES_56, PLAIN_56),
    ),
    Claim(
        "shallow_alike",
        "In nets of few layers shortcuts change the accuracy little.",
        f"{HE_2015}, sec. 4.1",
        by_runs.ties(NetSpec("resnet", 8), [NetSpec("plain", 8)]),
        "degradation",
        _trained(NetSpec("resnet", 8), NetSpec("plain", 8)),
    ),
    Claim(
        "gains_from_depth",
        "Residual nets gain accuracy from depth.",
        f"{HE_2015}, abstract",
        by_runs.beats(RES_56, RES_20),
        "degradation",
        _trained(RES_56, RES_20),
    ),
    Claim(
        "vgg",
        "VGG-style nets of 18 layers reach a higher accuracy than those of 34.",
        ARTICLE,
        by_runs.beats(NetSpec("vgg", 18), NetSpec("vgg", 34)),
        "degradation",
        _trained(NetSpec("vgg", 18), NetSpec("vgg", 34)),
    ),
)
GRADIENTS = (
    Claim(
        "healthy",
        "With batch norm a deep plain net has healthy gradients: their vanishing is not what keeps it from learning.",
        f"{HE_2015}, sec. 4.1",
        by_studies.gradients_are(PLAIN_56.to_slug(), "healthy"),
        "initialization",
        Again("initialization"),
    ),
    Claim(
        "naive",
        "Without batch norm, and with weights drawn naively, the gradients of a deep plain net vanish or explode.",
        f"{HE_2015}, sec. 1",
        by_studies.gradients_are(
            NetSpec("plain", 56, initialization="normal", batch_norm=False).to_slug(), "vanish", "explode"
        ),
        "initialization",
        Again("initialization"),
    ),
    Claim(
        "sigmoid",
        "With sigmoids and no batch norm the gradients of a deep plain net vanish.",
        ARTICLE,
        by_studies.gradients_are(
            NetSpec("plain", 56, activation="sigmoid", batch_norm=False).to_slug(), "vanish", "explode"
        ),
        "initialization",
        Again("initialization"),
    ),
    Claim(
        "xavier",
        "Xavier's initialization with ReLU keeps gradients from vanishing, without batch norm too.",
        ARTICLE,
        by_studies.gradients_are(NetSpec("plain", 56, initialization="xavier", batch_norm=False).to_slug(), "healthy"),
        "initialization",
        Again("initialization"),
    ),
    Claim(
        "one_relu",
        "Through a residual block a gradient passes one ReLU alone on its way to the block before.",
        ARTICLE,
        by_counting.one_relu_on_the_way_back,
        "flow",
    ),
    Claim(
        "shattering",
        "The gradients of plain nets lose their correlation with depth much faster than those of residual nets.",
        "Balduzzi et al. 2017, abstract",
        by_studies.plain_gradients_shatter,
        "shattering",
        Again("shattering"),
    ),
    Claim(
        "short_paths",
        "Most of the gradient of a deep residual net comes through paths that are short.",
        "Veit et al. 2016, abstract",
        by_studies.short_paths_carry_most,
        "flow",
        Again("paths", families=("resnet",)),
    ),
    Claim(
        "few_paths",
        "The paths of 54 blocks that carry most of the gradient are 0.45 % of all paths.",
        "Veit et al. 2016",
        by_counting.few_paths_are_short,
        "flow",
    ),
)
IDENTITY = (
    Claim(
        "appended",
        "Layers that are the identity, appended to a net, leave its error as it is.",
        f"{ARTICLE}; {HE_2015}, sec. 1",
        by_studies.appending_to_a_plain_net_changes_nothing,
        "identity",
        Again("identity", (20, 56)),
    ),
    Claim(
        "zero_branch",
        "A residual block whose weights are all zero is the identity.",
        ARTICLE,
        by_studies.appending_changes_nothing,
        "identity",
        Again("identity", (20, 56)),
    ),
    Claim(
        "keeps_identity",
        "Trained on, a residual net keeps layers that it does not need at the identity; a plain net finds that hard.",
        f"{HE_2015}, sec. 3.1",
        by_runs.keeps_more(20),
        "identity",
    ),
    Claim(
        "responses",
        "The layers of residual nets answer less strongly than those of plain nets.",
        f"{HE_2015}, sec. 4.2 and Fig. 7",
        by_studies.responses_are_smaller,
        "responses",
        Again("responses"),
    ),
    Claim(
        "deeper_responses",
        "The deeper a residual net is, the less does a single layer change the signal.",
        f"{HE_2015}, sec. 4.2",
        by_studies.deeper_answers_less,
        "responses",
        Again("responses", (20, 56)),
    ),
    Claim(
        "parameters",
        "The residual module makes the values of the parameters smaller.",
        ARTICLE,
        by_studies.parameters_are_smaller,
        "responses",
        Again("responses"),
    ),
    Claim(
        "lesions",
        "A residual net hardly misses a single block; a net without shortcuts is lost without any of its layers.",
        "Veit et al. 2016, sec. 4.1",
        by_studies.one_block_is_hardly_missed,
        "lesions",
        Again("lesions", (20, 56)),
    ),
    Claim(
        "smoothly",
        "The error of a residual net rises smoothly with the number of blocks that are deleted.",
        "Veit et al. 2016, sec. 4.2",
        by_studies.error_rises_smoothly,
        "lesions",
        Again("more_lesions", (56, 20)),
    ),
    Claim(
        "neurons",
        "A residual net does not need to fire all of its neurons in every epoch.",
        ARTICLE,
        by_studies.neurons_rest,
        "neurons",
        Again("neurons"),
    ),
    Claim(
        "surface",
        "The loss around a deep net without shortcuts is rough, and with them smooth.",
        "Li et al. 2018, abstract",
        by_studies.plain_ground_is_rougher,
        "surface",
        Again("surface"),
    ),
)
DESIGNS = (
    Claim(
        "no_parameters",
        "Identity shortcuts add neither parameters nor multiply-adds.",
        f"{HE_2015}, sec. 3.2",
        by_counting.shortcuts_cost_nothing,
        "architecture",
    ),
    Claim(
        "below_vgg",
        "ResNet-152 is eight times as deep as the VGG nets and still takes fewer operations.",
        f"{HE_2015}, abstract",
        by_counting.deeper_than_vgg_at_less_cost,
        "architecture",
    ),
    Claim(
        "bottleneck",
        "Bottleneck blocks (1x1, 3x3, 1x1) make a net deeper at about the same cost.",
        f"{ARTICLE}; {HE_2015}, sec. 4.1",
        by_counting.bottlenecks_keep_the_cost,
        "architecture",
    ),
    Claim(
        "projections",
        "Projection shortcuts are not essential: options A, B and C differ little.",
        f"{HE_2015}, sec. 4.1",
        by_runs.ties(RES_56, [NetSpec("resnet", 56, "B"), NetSpec("resnet", 56, "C")]),
        "degradation",
        _trained(RES_56, NetSpec("resnet", 56, "B"), NetSpec("resnet", 56, "C")),
    ),
    Claim(
        "preactivation",
        "Full pre-activation generalizes better than the original order of a block.",
        f"{HE_2016}, abstract",
        by_runs.beats(NetSpec("resnet", 56, order="preact"), RES_56),
        "degradation",
        _trained(NetSpec("resnet", 56, order="preact"), RES_56),
    ),
    Claim(
        "gating",
        "Gating the shortcut hampers the training: exclusive gating ends with a higher error than the identity.",
        f"{HE_2016}, sec. 3",
        by_runs.beats(RES_56, NetSpec("resnet", 56, "exclusive")),
        "degradation",
        _trained(RES_56, NetSpec("resnet", 56, "exclusive")),
    ),
    Claim(
        "scaling",
        "Halving the shortcut hampers the training.",
        f"{HE_2016}, sec. 3",
        by_runs.beats(RES_56, NetSpec("resnet", 56, "scaling")),
        "degradation",
        _trained(RES_56, NetSpec("resnet", 56, "scaling")),
    ),
    Claim(
        "deep_fits",
        "A net of 1202 layers has no difficulty to fit its training pictures.",
        f"{HE_2015}, sec. 4.2",
        by_runs.fits_its_pictures(narrow.DEEP, **narrow.RECIPE),
        "depth_limit",
        _trained(narrow.DEEP, **narrow.RECIPE),
    ),
    Claim(
        "deep_overfits",
        "A net of 1202 layers overfits a small set: it is worse on other pictures than a shallower net.",
        f"{HE_2015}, sec. 4.2; {ARTICLE}",
        by_runs.overfits(narrow.DEEP, narrow.SHALLOW, **narrow.RECIPE),
        "depth_limit",
        _trained(narrow.DEEP, narrow.SHALLOW, **narrow.RECIPE),
    ),
    Claim(
        "stochastic_depth",
        "Stochastic depth lets a net of 1202 layers generalize better.",
        "Huang et al. 2016, abstract",
        by_runs.beats(narrow.STOCHASTIC, narrow.DEEP, **narrow.RECIPE),
        "depth_limit",
        _trained(narrow.STOCHASTIC, narrow.DEEP, **narrow.RECIPE),
    ),
    Claim(
        "imagenet",
        "An ensemble of residual nets has 3.57 % top-5 error on the test set of ImageNet.",
        f"{HE_2015}, abstract and Table 5",
        _beyond,
        "architecture",
    ),
)
CLAIMS = {
    "Deeper nets": DEGRADATION,
    "Gradients": GRADIENTS,
    "What a block does": IDENTITY,
    "Designs and depths": DESIGNS,
}
