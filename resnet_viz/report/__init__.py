"""What leaves as one page? A comparison with its curves, gradients and records, as HTML that needs nothing else."""

from resnet_viz.report.comparison import comparison_report

__all__ = ["comparison_report"]
