"""Are the nets of others read as what they are? Held against torchvision and published checkpoints."""

from collections import OrderedDict

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from resnet_viz.data import PictureFormat, normalize
from resnet_viz.nets import CheckpointError, NetSpec, build_net, load_checkpoint, weighted_layers
from resnet_viz.nets.build import build_outline
from resnet_viz.nets.foreign import ForeignError, recognize, rename

TORCHVISION = {
    "resnet18": NetSpec("resnet", 18, "B", classes=1000, stem="imagenet"),
    "resnet34": NetSpec("resnet", 34, "B", classes=1000, stem="imagenet"),
    "resnet50": NetSpec("resnet", 50, "B", classes=1000, stem="imagenet", stride_in="3x3"),
    "resnet101": NetSpec("resnet", 101, "B", classes=1000, stem="imagenet", stride_in="3x3"),
    "resnet152": NetSpec("resnet", 152, "B", classes=1000, stem="imagenet", stride_in="3x3"),
    "vgg16": NetSpec("vgg", 16, classes=1000, batch_norm=False),
    "vgg19": NetSpec("vgg", 19, classes=1000, batch_norm=False),
    "vgg16_bn": NetSpec("vgg", 16, classes=1000),
    "vgg19_bn": NetSpec("vgg", 19, classes=1000),
}
EACH_KIND = ("resnet18", "resnet50", "vgg16_bn")  # basic blocks, bottlenecks, VGG
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_nets_are_recognized_and_every_tensor_has_its_place(name):
    with torch.device("meta"):
        state = torchvision.models.get_model(name, weights=None).state_dict()
    spec = recognize(state)
    assert spec == TORCHVISION[name]
    places = {key: tensor.shape for key, tensor in rename(state, spec).items()}
    assert places == {key: tensor.shape for key, tensor in build_outline(spec).state_dict().items()}


@pytest.mark.parametrize(
    "name", [*EACH_KIND[:2], *(pytest.param(name, marks=pytest.mark.long) for name in EACH_KIND[2:])]
)
def test_outputs_and_gradients_equal_torchvisions_with_the_same_weights(name):
    assert_equal_to_torchvisions(name)


@pytest.mark.slow
def test_outputs_and_gradients_of_all_depths_equal_torchvisions():
    for name in set(TORCHVISION) - set(EACH_KIND):
        assert_equal_to_torchvisions(name)


def fill(net: nn.Module) -> nn.Module:
    """A net that was made on the meta device, with weights that keep the size of what passes: cheaper than its own."""
    net = net.to_empty(device="cpu")
    for name, tensor in net.state_dict().items():
        if tensor.dim() > 1:
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5)
        else:
            tensor.fill_(name.endswith("running_var")) if "running" in name else tensor.fill_(0.5)
    return net


def assert_equal_to_torchvisions(name: str) -> None:
    torch.manual_seed(0)
    with torch.device("meta"):
        theirs = torchvision.models.get_model(name, weights=None)
    theirs, spec = fill(theirs).eval(), TORCHVISION[name]
    state = theirs.state_dict()
    ours = build_outline(spec).to_empty(device="cpu").eval()
    ours.load_state_dict(rename(state, spec), assign=True)  # as they are: of VGG's weights no copy is needed
    x, labels = torch.randn(2, 3, 64, 64), torch.tensor([3, 141])
    scores, expected = ours(x), theirs(x)
    torch.testing.assert_close(scores, expected, rtol=1e-5, atol=1e-5)
    for answer in (scores, expected):
        nn.functional.cross_entropy(answer, labels).backward()
    given = {key: weight.grad for key, weight in theirs.named_parameters() if weight.grad is not None}
    gradients = rename(given | dict(theirs.named_buffers()), spec)
    for key, weight in ours.named_parameters():  # by the norm: to compare number by number takes longer than all else
        assert weight.grad.sub_(gradients[key]).norm() <= 1e-5 * gradients[key].norm(), key


class CifarBlock(nn.Module):
    """A block of the CIFAR nets as many publish them."""

    def __init__(self, inputs: int, width: int, stride: int, project: bool, bottleneck: bool) -> None:
        super().__init__()
        outputs = 4 * width if bottleneck else width
        sizes = [(inputs, width, 3, stride), (width, width, 3, 1)]
        if bottleneck:
            sizes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        self.layers = len(sizes)
        for i, (a, b, kernel, step) in enumerate(sizes, 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, kernel, step, kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b))
        self.shortcut = nn.Sequential()
        if project:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = x
        for i in range(1, self.layers + 1):
            out = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(out))
            out = out if i == self.layers else out.relu()
        return (out + self.shortcut(x)).relu()


class CifarNet(nn.Module):
    def __init__(self, blocks: int, shortcut: str, bottleneck: bool, classes: int = 7) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        channels = 16
        for k, width in enumerate((16, 32, 64), 1):
            stage = []
            for i in range(blocks):
                outputs, stride = (4 if bottleneck else 1) * width, 2 if i == 0 and k > 1 else 1
                project = shortcut == "C" or stride > 1 or channels != outputs
                stage.append(CifarBlock(channels, width, stride, project, bottleneck))
                channels = outputs
            setattr(self, f"layer{k}", nn.Sequential(*stage))
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.bn1(self.conv1(x)).relu())))
        return self.linear(x.mean((2, 3)))


@pytest.mark.long
@pytest.mark.parametrize("bottleneck", [False, True])
@pytest.mark.parametrize("shortcut", ["B", "C"])
@pytest.mark.parametrize("wrap", ["bare", "module.", "state_dict", "safetensors"])
def test_published_names_of_cifar_nets_are_read_however_they_are_wrapped(tmp_path, wrap, shortcut, bottleneck):
    torch.manual_seed(1)
    theirs = CifarNet(3, shortcut, bottleneck)
    theirs(torch.randn(8, 3, 32, 32))
    state = OrderedDict(theirs.eval().state_dict())
    path = tmp_path / "net.pth"
    if wrap == "safetensors":
        path = tmp_path / "net.safetensors"
        save_file(state, path)
    elif wrap == "bare":
        torch.save({name: tensor for name, tensor in state.items() if "num_batches" not in name}, path)
    else:
        prefixed = OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())
        torch.save({"state_dict": prefixed, "epoch": 3} if wrap == "state_dict" else prefixed, path)
    ours = load_checkpoint(path)
    assert ours.recognized
    depth, block = (29, "bottleneck") if bottleneck else (20, "basic")
    assert ours.spec == NetSpec("resnet", depth, shortcut, classes=7, block=block, stride_in="3x3")
    x = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours(x), theirs(x))


def published(shared, depth: int, digest: str):
    return load_checkpoint(shared / "data" / "checkpoints" / f"resnet{depth}-{digest}.th")


@pytest.mark.parametrize(("depth", "digest", "wrong"), [(20, "12fca82f", 43), (56, "4bfd9763", 40)])
# benchmarks/published_checkpoints.md has the counts: of these 500, and of all 10,000 those that were published
@pytest.mark.long
def test_published_checkpoints_err_on_as_many_pictures_as_they_should(shared, cifar10_test, depth, digest, wrong):
    net = published(shared, depth, digest)
    assert net.spec == NetSpec("resnet", depth, "A")
    pictures, labels = (part.unflatten(0, (10, -1))[:, :50].flatten(0, 1) for part in cifar10_test)
    x = normalize(pictures, PictureFormat(32, 3, (), MEAN, STD))
    with torch.no_grad():
        assert int((net(x).argmax(1) != labels).sum()) == wrong


@pytest.fixture
def state():
    return build_foreign_state()


def build_foreign_state() -> dict[str, torch.Tensor]:
    return dict(CifarNet(1, "B", bottleneck=False).state_dict())


def refused(state: dict[str, torch.Tensor]) -> str:
    with pytest.raises(ForeignError) as caught:
        rename(state, recognize(state))
    return str(caught.value)


def test_the_first_name_that_differs_is_told(state):
    assert "layer2.0.bn1.weight is missing" in refused({k: v for k, v in state.items() if k != "layer2.0.bn1.weight"})
    assert "layer2.0.conv2.weight is 2x2, but 32x32x3x3" in refused(
        state | {"layer2.0.conv2.weight": torch.zeros(2, 2)}
    )
    assert "layer9 has no place" in refused(state | {"layer9": torch.zeros(1)})
    assert "linear.weight) is missing" in refused({k: v for k, v in state.items() if not k.startswith("linear")})
    assert "its first tensor is x" in refused({"x": torch.zeros(1)})
    assert "layer1.0.conv1.weight is missing" in refused({"conv1.weight": torch.zeros(16, 3, 3, 3)})


@pytest.mark.long
def test_nets_that_were_never_published_are_refused():
    uneven = dict(CifarNet(2, "B", bottleneck=False).state_dict())
    assert "depth 12 is not 6n+2" in refused({k: v for k, v in uneven.items() if not k.startswith("layer3.1")})
    wide = torchvision.models.wide_resnet50_2(weights=None).state_dict()
    assert "layer1.0.conv1.weight is 128x64x1x1, but 64x64x1x1" in refused(wide)
    vgg11 = torchvision.models.vgg11(weights=None).state_dict()
    assert "8 convolutions" in refused(vgg11)


def test_a_bottleneck_net_of_one_block_a_stage_has_option_b():
    state = CifarNet(1, "B", bottleneck=True).state_dict()
    assert recognize(state) == NetSpec("resnet", 11, "B", classes=7, block="bottleneck", stride_in="3x3")


def test_a_file_without_a_state_dict_is_refused(tmp_path):
    for number, content in enumerate([{"epoch": 3}, [torch.zeros(1)], torch.zeros(1), {}, {"model": {"a": 1}}]):
        path = tmp_path / f"{number}.pth"
        torch.save(content, path)
        with pytest.raises(CheckpointError, match="holds no state dict"):
            load_checkpoint(path)


@pytest.mark.long
def test_renaming_leaves_no_weight_out():
    spec = NetSpec("vgg", 19)
    assert len(weighted_layers(build_net(NetSpec("vgg", 34)))) == 34
    state = torchvision.models.vgg19_bn(weights=None, num_classes=10).state_dict()
    assert recognize(state) == spec
    assert len(rename(state, spec)) == len(state)
