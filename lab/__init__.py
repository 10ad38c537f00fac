"""A real multi-node Docker Swarm on one Linux machine: for the demo, the tests and the benchmarks."""

from lab.cluster import Lab
from lab.errors import LabError
from lab.members import Shape
from lab.node import Node

__all__ = ["Lab", "LabError", "Node", "Shape"]
