"""The command line without an installation: `python -m resnet_viz` is `resnet-viz`."""

import sys

from resnet_viz.cli import main

if __name__ == "__main__":
    sys.exit(main())
