"""Does an exported net run alone, and give what ours gives?"""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from resnet_viz.nets import NetSpec, build_net, save_checkpoint, to_onnx, to_python
from resnet_viz.nets.build import build_outline
from tests.nets.zoo import COVERING, ZOO, small_size

DEEP = [NetSpec("resnet", 1202, survival=0.5), NetSpec("resnet", 152, "B", stem="imagenet")]


def run_source(source: str):
    names: dict = {"__name__": "exported"}
    exec(compile(source, "exported.py", "exec"), names)
    return names["build"]()


@pytest.mark.long
@pytest.mark.parametrize("spec", [spec for spec in COVERING if spec.stem == "cifar"], ids=str)
def test_the_exported_source_gives_the_same_outputs_with_the_same_weights(spec):
    assert_source_gives_the_same(spec)


@pytest.mark.slow
def test_the_exported_source_of_every_other_net_gives_the_same_outputs():
    for spec in set(ZOO) - set(COVERING):
        if spec.stem == "cifar":
            assert_source_gives_the_same(spec)


def assert_source_gives_the_same(spec: NetSpec) -> None:
    torch.manual_seed(0)
    ours, theirs = build_net(spec).eval(), run_source(to_python(spec)).eval()
    theirs.load_state_dict(ours.state_dict())
    size = small_size(spec)
    x = torch.randn(2, spec.in_channels, size, size)
    with torch.no_grad():
        assert torch.equal(theirs(x), ours(x)), spec


def shapes_of(net: nn.Module) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in net.state_dict().items()}


@pytest.mark.long
@pytest.mark.parametrize("spec", [spec for spec in COVERING if spec.stem == "imagenet"] + DEEP, ids=str)
def test_the_exported_source_has_the_names_and_shapes_of_our_state_dict(spec):
    with torch.device("meta"):
        theirs = run_source(to_python(spec))
    assert shapes_of(theirs) == shapes_of(build_outline(spec))


@pytest.mark.process
def test_the_exported_file_runs_alone_with_our_weights(tmp_path):
    spec = NetSpec("resnet", 20, "B", order="preact")
    net = build_net(spec).eval()
    (tmp_path / "net.py").write_text(to_python(spec))
    save_checkpoint(net, tmp_path / "net.safetensors")
    torch.save(torch.randn(2, 3, 32, 32), tmp_path / "x.pt")
    code = (
        "import sys, torch, safetensors.torch\nfrom net import build\nnet = build()\n"
        "net.load_state_dict(safetensors.torch.load_file('net.safetensors'))\n"
        "torch.save(net.eval()(torch.load('x.pt')), 'y.pt')\n"
        "assert not [name for name in sys.modules if name.startswith('resnet_viz')]"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    with torch.no_grad():
        assert torch.equal(torch.load(tmp_path / "y.pt"), net(torch.load(tmp_path / "x.pt")))
    shown = subprocess.run([sys.executable, "net.py"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert shown.stdout == "torch.Size([2, 10])\n"


@pytest.mark.process
def test_exported_sources_are_clean(tmp_path):
    for number, spec in enumerate([NetSpec("vgg", 18), NetSpec("resnet", 20), NetSpec("resnet", 20, "exclusive")]):
        (tmp_path / f"net{number}.py").write_text(to_python(spec))
    assert subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "."], cwd=tmp_path).returncode == 0


@pytest.mark.long
@pytest.mark.parametrize("spec", [NetSpec("resnet", 20), NetSpec("resnet", 11, "gated", block="bottleneck")], ids=str)
def test_the_onnx_model_gives_the_same_outputs_for_any_batch(spec):
    onnx = pytest.importorskip("onnx", reason="needs the onnx package")
    from onnx.reference import ReferenceEvaluator

    torch.manual_seed(0)
    net = build_net(spec).eval()
    model = ReferenceEvaluator(onnx.load_from_string(to_onnx(net, 16)))
    for batch in (1, 5):
        x = torch.randn(batch, 3, 16, 16)
        with torch.no_grad():
            np.testing.assert_allclose(model.run(["scores"], {"pictures": x.numpy()})[0], net(x), atol=1e-4)
