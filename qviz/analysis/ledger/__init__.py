"""What was measured, put into words and tables: pure functions from measurements to text, a file for each format."""

from qviz.analysis.ledger import data, markdown, rows, text  # noqa: F401 - each registers itself
from qviz.analysis.ledger.answer import answer, output_line, summary_line
from qviz.analysis.ledger.formats import LEDGER_FORMATS, ledger_format_of

__all__ = ["LEDGER_FORMATS", "answer", "ledger_format_of", "output_line", "summary_line"]
