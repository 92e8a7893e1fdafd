"""Which words does the engine show alone, and which pieces of texts, that no sentence in the sources holds?"""

WORDS = (
    # What stands between the pieces of a text
    " (", ")", ".", "; ", ": ", ", ", ", and ", ", or ", " against ", " and ", " or ", "(",
    # States
    "queued", "running", "paused", "finished", "stopped", "diverged", "failed", "interrupted", "archived", "deleted",
    "waiting", "done", "recorded",
    # Kinds of nets, and their parts
    "family", "plain", "residual", "resnet", "residual-{depth}", "basic", "bottleneck", "block", "blocks", "stage",
    "stem", "head", "original", "pre-activation", "identity", "projection", "exclusive", "scaling", "shortcut",
    "shortcuts", "branch", "gate", "resized shortcut", "map", "boxes", "flatten", "convolution", "dropout",
    "activation", "initialization", "filters", "depth", "width", "order", "batch_norm", "zero_last_norm",
    "in_channels", "classes", "stride_in", "survival", "appended", "survival {survival}",
    "{initialization} initialization", "{count} filters", "conv", "max pool", "addition", "sum", "input", "output",
    "outputs", "picture", "scores", "unfolded", "relu", "tanh", "sigmoid", "{kernel}x{kernel2} conv",
    "... {count} more", "bias {bias}", "shortcut {share}", "branch {share}", "exclusive gating", "constant scaling",
    "full pre-activation", "stage{stage}",
    # Columns and rows of tables
    "name", "kind", "output_shape", "parameters", "multiply_adds", "receptive_field", "net", "nets", "run", "runs",
    "seed", "seeds", "state", "status", "steps", "step", "epoch", "device", "precision", "date", "data", "recipe",
    "source", "published", "published, %", "here, %", "comparable?", "comparable", "difference", "difference, %",
    "interval", "verdict", "how", "mode", "error before", "error after", "channel", "mean", "deviation", "mean μ",
    "deviation σ", "blocks (VGG: layers) a stage", "map sides", "multiply-adds, ours", "multiply-adds", "ours",
    "layer", "seen", "agree", "strange", "entropy", "answer", "method", "class", "deletion ↓", "insertion ↑",
    "infidelity ↓", "sensitivity ↓", "max-sensitivity ↓", "likeness ↓", "time, s", "from", "id", "mark", "comparison",
    # Names of a recipe's parts, as they are recorded
    "dataset", "folder", "size", "subset", "held_out", "epochs", "iterations", "more_epochs", "batch_size",
    "optimizer", "schedule", "peak_lr", "warm_up", "momentum", "nesterov", "weight_decay", "augmentation",
    "label_smoothing", "clip_norm", "threads", "recompute", "start", "keep_epochs", "training pictures",
    "test pictures", "seconds", "version of {program}", "batch", "split", "extras", "batch size {value}",
    "peak lr {value}", "label smoothing {value}", "weight decay {value}", "clip norm {value}", "held out {value}",
    "warm up {value}", "keep epochs {value}", "more epochs {value}", "optimizer {value}", "schedule {value}",
    "augmentation {value}", "momentum {value}", "nesterov {value}", "subset {value}", "iterations {value}",
    "epochs {value}", "precision {value}", "device {value}", "threads {value}", "recompute {value}",
    # Their values
    "yes", "no", "True", "False", "none", "auto", "off", "on", "digits", "shapes", "sgd", "adam", "adamw",
    "one_cycle", "cosine", "constant", "crop_flip", "color", "gray", "cutout", "mixup", "evaluation", "training",
    "train", "test", "Training", "Test", "bfloat16 autocast", "{count} cores", "{count} million", "{pixels} pixels",
    "{seeds:d} seeds", "{layers:d} layers", "{epochs:d} epochs", "batch {size:d}", "seed {seed:d}", "epoch {epoch:d}",
    "stage {stage}", "block {block}", "layer {layer}", "SGD, momentum 0.9", "Nesterov momentum {momentum}",
    "warmed up", "without a schedule", "{count:d} pictures", "{count:d} steps", "he", "xavier", "orthogonal",
    "normal", "cifar10", "vgg", "linear", "logarithmic",
    # Verdicts
    "holds here", "depends", "{winner} beats {loser}", "healthy", "vanish", "explode", "smaller", "larger", "higher",
    "lower", "above", "below", "more", "fewer", "the same", "overfits", "agrees", "does not agree", "changes",
    "does not change", "not told here", "no: {names}", "abstract", "stochastic ResNet-{depth}", "stochastic",
    "stochastic depth", "constant depth", "One seed: others may differ.",
    "Top-1 error of ResNet-34 on ImageNet: {errors}", "fails", "He et al. 2015, sec. {section}",
    "Random order for {name}", "Checks", "He et al. 2016, sec. {section}", "He et al. 2015, Table {table}",
    "{net} above {other}",
    # Of drawings
    "contours", "landscape", "profile", "white noise", "brown noise", "range", "units, %", "2-norm",
    "root mean square", "whole net", "deletion", "insertion", "random", "clouds", "noise", "%{x} deleted: %{y:.1f} %",
    "%{x} swapped: %{y:.1f} %", "Half-width", "log₁₀ gradient norm", "log₁₀ weight norm", "log₁₀ update over weight",
    "log₁₀ response", "response",
    # Short names of options
    "Plain", "Residual", "Constant scaling", "Exclusive gating", "Shortcut-only gating", "Dropout", "Original",
    "BN after addition", "ReLU before addition", "ReLU-only pre-activation", "Full pre-activation", "Orthogonal",
    "Plain normal", "One cycle", "Steps", "Cosine", "Constant", "None", "Crop and flip", "red", "green", "blue",
    "one cycle",
)  # fmt: skip
