"""Does the page Data show what nets learn from, ask before it fetches, and refuse what is no data set?"""

from PIL import Image

from tests.pages.opening import open_page, rerun, text_of


def test_the_data_page_shows_digits_at_once(home):
    page = open_page("data")
    assert "**1,400** training and **397** test pictures in **10** classes" in text_of(page)
    page.selectbox(key="augmentation").select("mixup")
    assert not rerun(page).warning
    page.selectbox(key="data").select("cifar100")
    assert "CIFAR-100 is not on this machine yet" in rerun(page).info[0].value
    assert not page.error


def test_the_data_page_shows_a_folder_and_what_misleads_in_it(home, tmp_path):
    for color in ("blue", "red"):
        (tmp_path / "pile" / color).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (40, 40), color).save(tmp_path / "pile" / color / f"{i}.png")
    (tmp_path / "pile" / "red" / "text.png").write_text("text")
    page = open_page("data", data="folder")
    assert "Name the folder or zip first" in page.error[0].value
    page.text_input(key="folder").input(str(tmp_path / "nowhere"))
    assert "there is no folder or zip" in rerun(page).error[0].value
    page.text_input(key="folder").input(str(tmp_path / "pile"))
    assert "in **2** classes, 32 x 32 pixels, color" in text_of(rerun(page))
    assert any("among the training pictures too" in warning.value for warning in page.warning)
    assert "1 files were skipped" in [expander.label for expander in page.expander]
    page.select_slider(key="size_folder").set_value(16)
    assert "16 x 16 pixels" in text_of(rerun(page))
