"""Are the published numbers those of the reference beside the checkout?"""

import re

from resnet_viz.paper import TABLE_6


def test_table_6_equals_the_reference(shared):
    rows = re.findall(r"^\| ResNet-\d+ \|(.+)\|$", (shared / "REFERENCE.md").read_text(), re.MULTILINE)
    assert len(rows) == len(TABLE_6)
    for row in rows:
        depth, _, error, _, exact = (cell.strip() for cell in row.split("|"))
        net = TABLE_6[int(depth)]
        assert float(error.split()[0]) == net.test_error
        assert [int(count.replace(",", "")) for count in exact.split(" / ")] == list(net.parameters.values())
