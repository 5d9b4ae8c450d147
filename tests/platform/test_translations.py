"""The catalogues are complete, and the check that says so would notice."""

from pathlib import Path

import pytest

from tests.platform import translations


@pytest.mark.parametrize("language", translations.LANGUAGES)
@pytest.mark.parametrize("package", translations.PACKAGES)
def test_every_text_is_translated(package: str, language: str) -> None:
    assert list(translations.problems(package, language)) == []


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "feature"
    (folder / "templates" / "feature").mkdir(parents=True)
    (folder / "mails.py").write_text(
        'title = _("Hello %(name)s", name="x")\nmany = ngettext("%(num)d seat", "%(num)d seats", 2)\n'
    )
    (folder / "templates" / "feature" / "mail.txt").write_text('{{ _("Welcome") }}\n')
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    return folder


def fill(package: Path, **replacements: str) -> None:
    file = package / "translations" / "fi" / "LC_MESSAGES" / "messages.po"
    text = file.read_text()
    for english, finnish in {"Hello %(name)s": "Hei %(name)s", "Welcome": "Tervetuloa", **replacements}.items():
        text = text.replace(f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{finnish}"')
    text = text.replace('msgstr[0] ""', 'msgstr[0] "%(num)d paikka"').replace('msgstr[1] ""', 'msgstr[1] "%(num)d paikkaa"')
    file.write_text(text)


def test_a_catalogue_that_is_filled_and_compiled_has_no_problems(package: Path) -> None:
    translations.update("feature", "fi")
    fill(package)
    translations.update("feature", "fi")
    assert list(translations.problems("feature", "fi")) == []


def test_an_update_of_what_is_up_to_date_changes_nothing(package: Path) -> None:
    translations.update("feature", "fi")
    fill(package)
    translations.update("feature", "fi")
    file = package / "translations" / "fi" / "LC_MESSAGES" / "messages.po"
    before = file.read_bytes()
    translations.update("feature", "fi")
    assert file.read_bytes() == before


def test_empty_missing_stale_wrong_and_uncompiled_entries_are_noticed(package: Path) -> None:
    assert "missing" in "\n".join(translations.problems("feature", "fi"))
    translations.update("feature", "fi")
    assert "not translated: (None, 'Welcome')" in "\n".join(translations.problems("feature", "fi"))
    fill(package, **{"Hello %(name)s": "Hei %(nimi)s"})
    found = "\n".join(translations.problems("feature", "fi"))
    assert "Hello %(name)s" in found
    assert "not compiled" in found
    (package / "templates" / "feature" / "mail.txt").unlink()
    assert "no longer used: (None, 'Welcome')" in "\n".join(translations.problems("feature", "fi"))


def test_a_fuzzy_entry_is_noticed(package: Path) -> None:
    translations.update("feature", "fi")
    fill(package)
    file = package / "translations" / "fi" / "LC_MESSAGES" / "messages.po"
    file.write_text(file.read_text().replace('msgid "Welcome"', '#, fuzzy\nmsgid "Welcome"'))
    assert "fuzzy: (None, 'Welcome')" in "\n".join(translations.problems("feature", "fi"))
