"""A store in which everything has a long name, as a few names in most stores are."""

from msgspec.structs import replace

from sync_server.domain.catalogue.catalogue import Catalogue, Text

SURNAME = " van Oosterhuis-Langenkamp de Vries-Waterreus"
WORD = "Donaudampfschifffahrtsgesellschaftskapitän"  # 42 letters without a place to break


def lengthened(catalogue: Catalogue) -> Catalogue:
    """The same store with long names of the shop, its people, needs, places, skills, tips and gifts.

    The second employee and the second need have one long word in their names.
    """

    def longer(text: Text, more: str) -> Text:
        return {language: f"{words} {more}" for language, words in text.items()}

    people = [replace(e, name=e.name + SURNAME) for e in catalogue.employees]
    people[1:2] = [replace(e, name=WORD) for e in people[1:2]]
    needs = [
        replace(n, text=longer(n.text, "that I bought here or in your other shop")) for n in catalogue.needs
    ]
    needs[1:2] = [replace(n, text=longer(n.text, WORD)) for n in needs[1:2]]
    return replace(
        catalogue,
        store=replace(
            catalogue.store, name="Lumen & Company, the shop for light and sound in the old harbour"
        ),
        employees=tuple(people),
        needs=tuple(needs),
        places=tuple(
            replace(p, text=longer(p.text, "beside the large window to the street")) for p in catalogue.places
        ),
        skills=tuple(
            replace(s, text=longer(s.text, "and whatever belongs to them")) for s in catalogue.skills
        ),
        tips=tuple(replace(t, text=longer(t.text, "and do not leave it in the sun")) for t in catalogue.tips),
        gifts=tuple(
            replace(g, text=longer(g.text, "of our own brand, in any colour")) for g in catalogue.gifts
        ),
    )
