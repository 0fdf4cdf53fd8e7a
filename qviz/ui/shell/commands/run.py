"""The menu Run: runs and compares flows, and says how."""

from __future__ import annotations

from qviz.session.commands import CommandGroup, When, command
from qviz.session.sides import Side
from qviz.ui.shell.opener import Opener
from qviz.ui.shell.pages import Pages


class RunCommands(CommandGroup):
    """Commands on runs and on what they take."""

    title = "Run"

    def __init__(self, opener: Opener, pages: Pages) -> None:
        self._opener = opener
        self._pages = pages

    @command("Run", "Ctrl+R", when=When.PLAN, words="flow quantize convert start again")
    def run(self) -> None:
        """Run the flow."""
        self._pages.need_desk().run()

    @command("Cancel", "Esc", when=When.RUNNING, words="stop run end")
    def cancel(self) -> None:
        """Cancel the run; the stages received stay."""
        self._pages.need_desk().cancel()

    @command("Measure the noise", "Ctrl+M", when=When.PLAN, words="ledger quantizers cost sqnr")
    def measure(self) -> None:
        """Run the flow again and measure what each quantizer costs."""
        self._pages.need_desk().acting.measure()

    @command("Watch the file", "Ctrl+Shift+W", when=When.PLAN, words="rerun reload save automatically live")
    def watch(self) -> None:
        """Run again whenever the model's file is saved, or no longer."""
        self._pages.need_desk().runs.toggle_reruns()

    @command("Compare flows…", "Ctrl+Shift+R", when=When.PLAN, words="eager fx pt2e table")
    def compare(self) -> None:
        """Compare the flows on the open model."""
        self._pages.need_desk().compare()

    @command(
        "Show run in pane A",
        "Shift+A",
        when=When.RESULT,
        words="compare with previous run diff left",
    )
    def run_in_a(self) -> None:
        """Show the run whose row is in use in pane A; without one, compare with the previous run."""
        self._pages.need_desk().run_actions.place(Side.LEFT)

    @command(
        "Show run in pane B",
        "Shift+B",
        when=When.RESULT,
        words="compare with previous run diff right",
    )
    def run_in_b(self) -> None:
        """Show the run whose row is in use in pane B; without one, compare with the previous run."""
        self._pages.need_desk().run_actions.place(Side.RIGHT)

    @command("Rename run…", "F2", when=When.RESULT, words="name title label runs")
    def rename_run(self) -> None:
        """Name the run whose row is in use; without one, the run on screen."""
        desk = self._pages.need_desk()
        desk.work.runs.ask_for_name(desk.run_actions.chosen)

    @command("Apply and run", "Ctrl+Return", when=When.PLAN, words="pending edits configuration changes")
    def apply_and_run(self) -> None:
        """Run the flow with the edits that are not run yet."""
        self._pages.need_desk().run()

    @command("Leave in float", "Ctrl+L", when=When.RESULT, is_apart=True, words="exclude quantization float fp32 skip")
    def leave_in_float(self) -> None:
        """Leave the selection in float from the next run on, or take that back."""
        self._pages.need_desk().acting.leave_in_float()

    @command("Observer…", "Shift+V", when=When.RESULT, words="qconfig histogram min max calibration")
    def choose_observer(self) -> None:
        """Choose other observers for the selected module."""
        self._pages.need_desk().acting.choose_observer()

    @command("Per channel", "Shift+C", when=When.RESULT, words="weight scale axis per tensor")
    def per_channel(self) -> None:
        """Give the selected weight a scale for each channel, or one for all."""
        self._pages.need_desk().acting.per_channel()

    @command("Fix range…", "Shift+R", when=When.RESULT, words="fixed qparams scale zero point clip")
    def fix_range(self) -> None:
        """Set the range of the selected module's output by hand."""
        self._pages.need_desk().acting.fix_range()

    @command("Try it…", "Ctrl+Shift+T", when=When.RESULT, words="what if predict worst quantizers float ledger repair")
    def try_it(self) -> None:
        """Try out what leaving quantizers in float would give, or close that."""
        self._pages.need_desk().trying.toggle()

    @command("Add rule…", "Ctrl+Shift+A", when=When.PLAN, words="qconfig configuration float module")
    def add_rule(self) -> None:
        """Ask for a rule of the configuration; it begins with the module of the selection."""
        self._pages.need_desk().acting.add_rule()

    @command("Accept in baseline", "Ctrl+Alt+A", when=When.RESULT, words="finding check ignore suppress known")
    def accept(self) -> None:
        """Accept the current finding in the baseline of `qviz check`, or accept it no longer."""
        self._pages.need_desk().accepting.accept()

    @command("Baseline file…", "Ctrl+Alt+B", when=When.RESULT, words="accepted findings check json")
    def baseline(self) -> None:
        """Choose the file in which accepted findings are kept."""
        self._pages.need_desk().accepting.choose_file()

    @command("Inputs…", "Ctrl+Shift+I", when=When.PLAN, words="arguments shape dtype example calibration forward model")
    def inputs(self) -> None:
        """Choose the model of the file and what it is called with."""
        self._pages.need_desk().inputs.show()

    @command("Options…", "Ctrl+Shift+,", when=When.OPEN, words="settings preferences configuration toml plan")
    def options(self) -> None:
        """Edit all options of the run."""
        self._pages.need_desk().work.setup.on_all_clicked()

    @command("Forget all runs…", "Ctrl+Alt+Shift+R", is_apart=True, words="delete clear kept history disk privacy")
    def forget_runs(self) -> None:
        """Delete all runs that are kept on disk, after a question."""
        self._pages.forget_requested.emit()

    @command("Python of the engine…", "Ctrl+Alt+P", is_apart=True, words="settings interpreter environment torch")
    def choose_python(self) -> None:
        """Ask for the interpreter that the engine runs in."""
        self._opener.choose_python()

    @command("Engine on another machine…", "Ctrl+Alt+E", words="settings ssh remote host server cluster gpu")
    def choose_engine(self) -> None:
        """Ask for the command that starts the engine on another machine."""
        self._opener.choose_engine()
