"""Memory a thread keeps from one picture to the next: asking the system anew costs more than the sums."""

import threading

import numpy as np
from numpy.typing import NDArray


class Scratch(threading.local):
    """Arrays by name, a set for each thread. What is in one holds until its name is asked for again."""

    def __init__(self) -> None:
        self._kept: dict[str, NDArray[np.uint8]] = {}

    def octets(self, name: str, count: int) -> NDArray[np.uint8]:
        """Return so many bytes, their values undefined."""
        if name not in self._kept or self._kept[name].size < count:
            self._kept[name] = np.empty(count, np.uint8)
        return self._kept[name][:count]

    def floats(self, name: str, *shape: int) -> NDArray[np.float32]:
        """Return an array of that shape, its values undefined."""
        return self.octets(name, int(np.prod(shape)) * 4).view(np.float32).reshape(shape)


scratch = Scratch()
