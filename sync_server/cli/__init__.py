"""The `welkom` command. Every failure a person can mend ends in one sentence, never in a traceback."""

import click

from . import access, care, demo, pairing, people, privacy, screens, simulate, store


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="welkom")
def main() -> None:
    """Welkom: shoppers are greeted, the right colleague comes, and the store sees how it went."""


for command in (
    store.init,
    store.check,
    store.server,
    store.report,
    care.backup,
    care.restore,
    care.verify,
    care.doctor,
    people.device,
    people.employee,
    access.manager,
    access.token,
    privacy.erase,
    pairing.join,
    screens.kiosk,
    screens.staff,
    demo.demo,
    demo.demo_window,
    simulate.simulate,
):
    main.add_command(command)
