"""The page of docs/ that shows every picture, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

CAPTIONS = {
    "login": ("The login", "El inicio de sesión"),
    "dashboard": ("The robots", "Los robots"),
    "puppet": ("Puppet Mode", "Modo marioneta"),
    "puppet-phone": ("Puppet Mode on a phone", "Modo marioneta en un teléfono"),
    "puppet-phone-dark": ("Puppet Mode in dark colours", "Modo marioneta con colores oscuros"),
    "speak": ("Speak without a robot", "Hablar sin robot"),
    "chat": ("A conversation", "Una conversación"),
    "monitor": ("The live monitor", "El monitor en vivo"),
    "monitor-dark": ("The live monitor in dark colours", "El monitor en vivo con colores oscuros"),
    "monitor-phone": ("The live monitor on a phone", "El monitor en vivo en un teléfono"),
    "history": ("The history", "El historial"),
    "history-phone": ("The history on a phone", "El historial en un teléfono"),
    "phone": ("Open on your phone", "Abrir en tu teléfono"),
    "diagnostics": ("Diagnostics", "Diagnóstico"),
    "api": ("The API page", "La página de la API"),
    "admin": ("The history in the admin", "El historial en la administración"),
}
_HEADS = {
    "": (
        "Screenshots",
        "*[En español](pages.es.md)*",
        "`script/screenshots` makes these pictures and this page.",
    ),
    ".es": (
        "Capturas de pantalla",
        "*[In English](pages.md)*",
        "`script/screenshots` hace estas imágenes y esta página.",
    ),
}


def write_gallery(docs: Path, names: Iterable[str]) -> None:
    """Write pages.md and pages.es.md with these pictures, in the order of CAPTIONS."""
    shown = [name for name in CAPTIONS if name in set(names)]
    for column, (suffix, (title, other, words)) in enumerate(_HEADS.items()):
        parts = [f"# {title}\n\n{other}\n\n{words}\n"]
        for name in shown:
            caption = CAPTIONS[name][column]
            parts.append(f"## {caption}\n\n![{caption}](images/{name}{suffix}.png)\n")
        (docs / f"pages{suffix}.md").write_text("\n".join(parts))
