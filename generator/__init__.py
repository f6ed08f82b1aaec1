"""Open Model Report: who builds the open AI models that the world uses?

Data flows one way through the sub-packages: ``sources`` → ``archive`` → ``attribution`` → ``metrics`` →
``findings`` and ``charts`` → ``pages``.
"""

__version__ = "0.1.0"
