"""Are the published numbers those of the reference beside the checkout?"""

import re

from resnet_viz.paper import IMAGENET_NETS, TABLE_6


def test_table_6_equals_the_reference(shared):
    rows = re.findall(r"^\| ResNet-\d+ \|(.+)\|$", (shared / "REFERENCE.md").read_text(), re.MULTILINE)
    assert len(rows) == len(TABLE_6)
    for row in rows:
        depth, _, error, _, exact = (cell.strip() for cell in row.split("|"))
        net = TABLE_6[int(depth)]
        assert float(error.split()[0]) == net.test_error
        assert [int(count.replace(",", "")) for count in exact.split(" / ")] == list(net.parameters.values())


def test_the_imagenet_nets_equal_the_reference(shared):
    text = (shared / "REFERENCE.md").read_text()
    flops = re.search(r"\(FLOPs are multiply-adds\): (.+?)\. The", text)[1]
    exact = re.search(r"Exact parameters, 1000 classes \[tv\], option B: (.+)", text)[1]
    names = {"plain": "plain", "resnet": "ResNet", "vgg": "VGG"}
    for net in IMAGENET_NETS:
        name = f"{names[net.family]}-{net.depth}"
        assert float(re.search(rf"{name}\b[^;]*? (\d+\.\de9)", flops)[1]) == net.flops
        found = re.search(rf"{name}(?: = [^:]+:)? ([\d,]+)", exact, re.IGNORECASE)
        assert (int(found[1].rstrip(",").replace(",", "")) if found else None) == net.parameters
        normed = re.search(rf"{name} [\d,]+ \(with batch norm ([\d,]+)\)", exact)
        assert (int(normed[1].replace(",", "")) if normed else None) == net.with_batch_norm
