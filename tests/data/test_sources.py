"""Does every data set have a reader, and every one that torchvision reads a place in the scripts that repeat runs?"""

from torchvision import datasets as torchvision_datasets

from resnet_viz.data import DATASETS
from resnet_viz.data.datasets import EMBEDDED
from resnet_viz.data.sources import READERS
from resnet_viz.training.script import SOURCES

FROM_FILES = {"folder", "imagenette"}  # listed and decoded file by file; a script does not repeat them
DRAWN = {"shapes"}  # drawn by code of the project, which a script does not have


def test_every_data_set_comes_from_one_place():
    places = [*EMBEDDED, *READERS, *FROM_FILES]
    assert sorted(places) == sorted(DATASETS)


def test_a_script_can_repeat_runs_on_every_data_set_that_torchvision_reads():
    assert sorted(SOURCES) == sorted(set(DATASETS) - FROM_FILES - set(EMBEDDED))
    assert set(EMBEDDED) == DRAWN | {"digits"}  # scikit-learn's, in every script


def test_a_script_asks_torchvision_for_what_it_has():
    for kind, *parts in SOURCES.values():
        assert issubclass(getattr(torchvision_datasets, kind), torchvision_datasets.VisionDataset)
        assert len(set(parts)) == 2
