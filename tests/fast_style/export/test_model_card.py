import pytest

from fast_style import images
from fast_style.checkpoints import store
from fast_style.export import model_card
from fast_style.networks.transform_net import TransformNet


@pytest.fixture(scope="module")
def network():
    network = TransformNet(width=4, residual_blocks=1)
    network.build()
    return network


def card(tmp_path, network, metadata, **options):
    metadata = {"network": store.network_config(network), **metadata}
    model_card.write(str(tmp_path), network, metadata, {"format": "tflite"}, **options)
    return (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_it_says_what_the_network_is(tmp_path, network, photo):
    (tmp_path / "model.tflite").write_bytes(bytes(1234))
    text = card(
        tmp_path,
        network,
        {
            "step": 700,
            "style": {"name": "Gemälde.jpg", "height": 640, "distances": {"block1_conv2": 7.0}},
            "losses": {"style_weight": 2.0, "style_layers": ["block1_conv2"]},
            "training": {"photos": "BSDS", "image_size": 256},
            "init_from": {"style": {"name": "wave.jpg"}, "step": 300, "training": {}},
            "versions": {"keras": "3.0"},
        },
        photo=photo(64, 48),
        licence="CC BY 4.0",
    )
    for words in (
        "# Network: Gemälde.jpg",
        "| format | tflite |",
        "model.tflite (1,234 bytes)",
        "| parameters | ",
        "| photos | BSDS |",
        "| steps done | 700 |",
        "a network for wave.jpg, steps 300",
        r"| style\_layers | block1\_conv2 |",
        "| licence | CC BY 4.0 |",
        "| trained with keras | 3.0 |",
    ):
        assert words in text
    assert "distances" not in text
    # The photograph and, beside it, its stylized form.
    assert images.read(tmp_path / "sample.jpg").shape == (384, 576, 3)
    assert "(sample.jpg)" in text


def test_what_is_not_known_is_said_or_left_out(tmp_path, network):
    text = card(tmp_path, network, {"converted": {"converted from": "candy.pth"}})
    assert "# Network: unknown" in text
    assert "candy.pth" in text
    assert "not stated" in text
    assert "## Losses" not in text
    assert "sample.jpg" not in text
    assert not (tmp_path / "sample.jpg").exists()


def test_metadata_from_elsewhere_break_nothing(tmp_path, network):
    text = card(
        tmp_path, network, {"style": {"name": "a|b\n\n# c<script>"}, "losses": 3, "init_from": "x"}
    )
    assert r"# Network: a\|b # c\<script\>" in text
