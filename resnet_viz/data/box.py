"""How is a picture decoded that may take any memory? In a process of its own, which may not: run as a script.

The file comes on standard input, the factor by which to bring it down as an argument; the mode and the pixels, row by
row, go to standard output. It imports Pillow alone and is there in a few hundredths of a second.
"""

import sys
from io import BytesIO

from PIL import Image

MEMORY = 170_000_000  # bytes, the interpreter's own among them
SECONDS = 5
BAND = 1 << 18  # pixels that are written at once


def main() -> None:
    """Decode what comes in; ends with an error where it cannot be done within the limits."""
    try:
        import resource
    except ImportError:  # Windows has no such limits: there the time and the size of the picture are limited alone
        pass
    else:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    factor = int(sys.argv[1])
    with Image.open(BytesIO(sys.stdin.buffer.read()), formats=["WEBP"]) as image:
        image.load()
        sys.stdout.buffer.write(image.mode.ljust(4).encode())
        rows = factor * max(1, BAND // (factor * image.width))
        for top in range(0, image.height, rows):
            band = image.crop((0, top, image.width, min(top + rows, image.height)))
            sys.stdout.buffer.write(band.reduce(factor).tobytes())


if __name__ == "__main__":
    main()
