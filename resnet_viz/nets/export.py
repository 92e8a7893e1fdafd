"""How does a net leave this project? As a Python file that runs alone, and as ONNX."""

import inspect
from collections.abc import Iterable
from importlib.util import find_spec
from io import BytesIO

import torch
from torch import nn

from resnet_viz.nets.blocks import Block, Constant, Subsample
from resnet_viz.nets.build import ConvNet, build_outline
from resnet_viz.nets.spec import NetSpec

OWN = (Subsample, Constant, Block)  # classes that torch does not have
INDENT = "    "
ONNX_HINT = "ONNX needs two more packages; install them with: pip install onnx onnxscript"


class ExportError(RuntimeError):
    """A file that cannot be made here; the message says what is missing."""


def to_python(spec: NetSpec) -> str:
    """The source of a net that needs torch alone: `build()` gives it, untrained, with the names of our state dict.

    Blocks that are alike are written once. The weights of `save_checkpoint` fit it.
    """
    net = build_outline(spec)
    writer = _Writer()
    parts = [f'{INDENT * 3}("{name}", {writer.write(part, 3)}),' for name, part in net.named_children()]
    used = [kind for kind in OWN if any(isinstance(module, kind) for module in net.modules())]
    pieces = [
        f'"""{spec.name}: pictures (B, {spec.in_channels}, H, W) in, scores (B, {spec.classes}) out.\n\n'
        f"Made for pictures of {spec.size} x {spec.size}. Weights, from a safetensors file:\n\n"
        "    net = build()\n"
        "    net.load_state_dict(safetensors.torch.load_file(path))\n"
        '    net.eval()\n"""',
        "from collections import OrderedDict\n\nimport torch\n"
        + ("import torch.nn.functional as F\n" if Subsample in used else "")
        + ("from torch import Tensor, nn" if used else "from torch import nn"),
        *(inspect.getsource(kind).rstrip() for kind in used),
        *writer.functions.values(),
        f'def build() -> nn.Module:\n{INDENT}"""The net, its weights as torch draws them."""\n'
        f"{INDENT}return nn.Sequential(\n{INDENT * 2}OrderedDict([\n"
        + "\n".join(parts)
        + f"\n{INDENT * 2}])\n{INDENT})",
        f'if __name__ == "__main__":\n{INDENT}x = torch.randn(2, {spec.in_channels}, {spec.size}, {spec.size})\n'
        f"{INDENT}print(build().eval()(x).shape)",
    ]
    return "\n\n\n".join([f"{pieces[0]}\n\n{pieces[1]}", *pieces[2:]]) + "\n"


class _Writer:
    """Turns modules into the expressions that make them; a block becomes a function, once for all that are alike."""

    def __init__(self) -> None:
        self.functions: dict[str, str] = {}  # by what they return

    def write(self, module: nn.Module, depth: int) -> str:
        """The expression for a module, its lines indented for this depth."""
        if isinstance(module, Block):
            return self._write_block(module)
        if type(module) is nn.Sequential:
            return self._write_sequence(module.named_children(), depth)
        if isinstance(module, nn.Conv2d):
            return _write_convolution(module)
        if isinstance(module, nn.BatchNorm2d):
            return f"nn.BatchNorm2d({module.num_features})"
        return repr(module) if isinstance(module, OWN) else f"nn.{module!r}"

    def _write_sequence(self, children: Iterable[tuple[str, nn.Module]], depth: int) -> str:
        lines = self._fold([(name, self.write(child, depth + 2)) for name, child in children], depth + 2)
        if not lines:
            return "nn.Sequential()"
        inner, end = INDENT * (depth + 1), INDENT * depth
        return f"nn.Sequential(\n{inner}OrderedDict([\n" + "\n".join(lines) + f"\n{inner}])\n{end})"

    def _fold(self, children: list[tuple[str, str]], depth: int) -> list[str]:
        """A line a child; a row of equal blocks becomes one line."""
        lines: list[str] = []
        i = 0
        while i < len(children):
            j = i
            while j + 1 < len(children) and children[j + 1][1] == children[i][1] and children[i][0].startswith("block"):
                j += 1
            name, text = children[i]
            if j > i:
                lines.append(f'{INDENT * depth}*((f"block{{i}}", {text}) for i in range({i + 1}, {j + 2})),')
            else:
                lines.append(f'{INDENT * depth}("{name}", {text}),')
            i = j + 1
        return lines

    def _write_block(self, block: Block) -> str:
        arguments = {name: self.write(child, 2) for name, child in block.named_children()}
        for switch in ("projects", "gates_branch"):
            if getattr(block, switch):
                arguments[switch] = "True"
        takes = "survival: float" if block.survival < 1 else ""
        if takes:
            arguments["survival"] = "survival"
        body = "".join(f"{INDENT * 2}{name}={text},\n" for name, text in arguments.items())
        if body not in self.functions:
            name = f"block_{len(self.functions) + 1}"
            self.functions[body] = f"def {name}({takes}) -> Block:\n{INDENT}return Block(\n{body}{INDENT})"
        name = self.functions[body].partition("(")[0].removeprefix("def ")
        return f"{name}({block.survival!r})" if takes else f"{name}()"


def _write_convolution(layer: nn.Conv2d) -> str:
    said = [str(layer.in_channels), str(layer.out_channels), str(layer.kernel_size[0])]
    said += [f"stride={layer.stride[0]}"] if layer.stride[0] > 1 else []
    said += [f"padding={layer.padding[0]}"] if layer.padding[0] else []
    said += ["bias=False"] if layer.bias is None else []
    return f"nn.Conv2d({', '.join(said)})"


def has_onnx() -> bool:
    """Whether `to_onnx` can work here."""
    return all(find_spec(name) for name in ("onnx", "onnxscript"))


def to_onnx(net: ConvNet, size: int | None = None) -> bytes:
    """The net in evaluation mode as an ONNX model with a free batch size: input `pictures`, output `scores`.

    Raises ExportError where the onnx package is not installed.
    """
    if not has_onnx():
        raise ExportError(ONNX_HINT)
    import onnx

    size = size or net.spec.size
    buffer = BytesIO()
    batch = torch.export.Dim("batch", min=1)
    program = torch.onnx.export(
        net.eval(),
        (torch.zeros(2, net.spec.in_channels, size, size),),
        input_names=["pictures"],
        output_names=["scores"],
        dynamic_shapes=({0: batch},),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    onnx.save_model(program.model_proto, buffer)
    return buffer.getvalue()
