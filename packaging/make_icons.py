"""Reduces Tabler's icon font to the icons in `NAMES`, and writes their names and characters.

    npm pack @tabler/icons-webfont && tar xzf tabler-icons-webfont-*.tgz
    python packaging/make_icons.py package     # writes assets/icons/tabler-icons.ttf and icons.toml

The icons have their names from https://tabler.io/icons. To use another icon, add its name below, run this
again and commit both files.
"""

import argparse
import re
import shutil
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).parent.parent / "assets" / "icons"
GLYPH = re.compile(r'\.ti-([a-z0-9-]+):before \{\s*content: "\\([0-9a-f]+)";')

NAMES = {
    "navigation": """
        arrow-left arrow-right arrow-up arrow-down arrow-back-up arrow-forward-up arrows-exchange
        arrows-right-left chevron-left chevron-right chevron-up chevron-down check checks x plus
        minus dots refresh repeat rotate-clockwise history external-link search filter adjustments
        settings home home-2 hand-click eye eye-off copy share link pin
    """,
    "keyboard": "arrow-big-up arrow-big-up-line backspace corner-down-left keyboard keyboard-hide space",
    "accessibility": """
        accessible disabled ear language letter-case microphone moon sun text-size viewport-tall
        volume volume-off world zoom-in
    """,
    "time": "alarm calendar calendar-event calendar-plus clock hourglass player-pause player-play stopwatch",
    "needs": """
        basket bulb credit-card discount gift help-circle package plug-connected puzzle receipt
        receipt-refund recycle school shield-check shirt shopping-bag shopping-bag-check
        shopping-cart star tag tool tools truck truck-return
    """,
    "products and places": """
        armchair barcode battery-1 battery-charging bluetooth books building-store camera cash
        cash-register coffee cpu database device-desktop device-floppy device-gamepad
        device-gamepad-2 device-laptop device-mobile device-speaker device-tablet device-tv
        device-watch devices headphones key map-pin music phone photo plug printer router usb video
        wifi
    """,
    "pharmacy and optician": """
        bandage droplet eye-check eyeglass eyeglass-2 file-certificate first-aid-kit heart-rate-monitor
        leaf medical-cross microscope pill prescription ruler-2 stethoscope sunglasses thermometer vaccine
    """,
    "bank, town hall and library": """
        abc baby-carriage bike book book-2 bookmark building building-bank building-community calculator
        calendar-heart car certificate coins e-passport file-dollar file-plus files headset home-dollar
        home-move id-badge-2 license lock-access map movie news palette parking pig-money plane scale
        signature theater transfer tree umbrella users-group vocabulary wallet writing zoom-check
    """,
    "people": """
        confetti friends hand-stop heart heart-handshake id lifebuoy mood-cry mood-empty mood-happy
        mood-neutral mood-sad mood-smile robot run sparkles thumb-up trophy user user-check
        user-plus user-search users walk
    """,
    "the floor": """
        bell bell-ringing bolt door-enter door-exit flag lock lock-open login logout message
        message-2 message-circle message-report messages note notes phone-call send speakerphone
        ticket
    """,
    "state": """
        alert-circle alert-triangle battery-off circle circle-check circle-dot cloud cloud-check
        cloud-off cloud-upload info-circle plug-x point progress-check wifi-off
    """,
    "the manager": """
        chart-bar chart-dots chart-line download file-spreadsheet file-text layout-dashboard list
        list-check pencil qrcode report-analytics table trash upload
    """,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=Path, help="the unpacked npm package @tabler/icons-webfont")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder to write to")
    args = parser.parse_args()
    known = dict(GLYPH.findall((args.package / "dist" / "tabler-icons.css").read_text("utf-8")))
    groups = {group: sorted(names.split()) for group, names in NAMES.items()}
    chosen = {name for names in groups.values() for name in names}
    unknown = sorted(chosen - known.keys())
    if unknown:
        parser.error(f"Tabler has no icon called {', '.join(unknown)}")

    args.target.mkdir(parents=True, exist_ok=True)
    options = subset.Options()
    options.layout_features = []
    options.glyph_names = False
    font = subset.load_font(str(args.package / "dist" / "fonts" / "tabler-icons.ttf"), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[int(known[name], 16) for name in chosen])
    subsetter.subset(font)
    font.save(args.target / "tabler-icons.ttf")
    shutil.copyfile(args.package / "LICENSE", args.target / "LICENSE.txt")

    lines = ["# The icons in tabler-icons.ttf, by name: hexadecimal. Made by packaging/make_icons.py."]
    for group, names in groups.items():
        lines += ["", f"# {group}", *(f'{name} = "{known[name]}"' for name in names)]
    (args.target / "icons.toml").write_text("\n".join(lines) + "\n", "utf-8")
    size = (args.target / "tabler-icons.ttf").stat().st_size
    print(f"{len(chosen)} icons, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
