"""Report pages: what was measured, as one HTML file that needs no network."""

from ragmed.evaluate.report.page import Measured, write_report

__all__ = ["Measured", "write_report"]
