"""Writes the theme as CSS for the web pages."""

from msgspec.structs import asdict

from .model import Theme


def css(theme: Theme) -> str:
    """The theme as CSS custom properties: `--ink-soft`, `--spot-red`, `--radius`, `--phone-title` and so on.

    The dark colours follow the reader's own setting, unless `data-look` says light
    or dark. Sizes are in rem, so they follow the font size that is set in the browser.
    """
    shapes = {"radius": f"{theme.radius:g}px", "step": f"{theme.step:g}px"}
    spots = {f"spot-{name}": colour for name, colour in asdict(theme.spot).items()}
    sizes = {
        f"{app}-{name}": f"{points / 16:g}rem"
        for app in ("phone", "manager")
        for name, points in asdict(getattr(theme, app)).items()
    }
    light = _css_block({"color-scheme": "light dark"}, asdict(theme.light) | shapes | spots | sizes)
    dark = _css_block({}, asdict(theme.dark))
    follows = f"@media (prefers-color-scheme: dark){{:root:not([data-look=light]){dark}}}"
    schemes = ":root[data-look=light]{color-scheme:light}\n:root[data-look=dark]{color-scheme:dark}"
    return f":root{light}\n{follows}\n:root[data-look=dark]{dark}\n{schemes}\n"


def _css_block(plain: dict[str, str], custom: dict[str, str]) -> str:
    named = {f"--{name.replace('_', '-')}": value for name, value in custom.items()}
    return "{" + ";".join(f"{name}:{value}" for name, value in {**plain, **named}.items()) + "}"
