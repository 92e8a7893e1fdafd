"""Does the loop learn, tell the truth about its gradients, and repeat itself?"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from resnet_viz.data import normalize
from resnet_viz.data.augment import draw_epoch
from resnet_viz.nets import NetSpec, SpecError, build_net, weighted_layers
from resnet_viz.training import ConfigError, Diverged, EpochDone, Started, StepsDone, TrainingConfig, preset, train
from resnet_viz.training.loop import choose_pictures
from resnet_viz.training.schedule import WARM_UP_STEPS
from resnet_viz.training.step import loss_of

SPEC = NetSpec("resnet", 8, "B", in_channels=1)
CONFIG = TrainingConfig(epochs=2, precision="fp32", device="cpu")


def collect(reports) -> tuple[pd.DataFrame, np.ndarray, list[EpochDone]]:
    seen = list(reports)
    steps = [report for report in seen if isinstance(report, StepsDone)]
    epochs = [report for report in seen if isinstance(report, EpochDone)]
    return (
        pd.concat([s.rows for s in steps], ignore_index=True),
        np.concatenate([s.numbers.gradient for s in steps]),
        epochs,
    )


def test_gradient_norms_equal_those_of_autograd(few_digits):
    config = replace(CONFIG, seed=11)
    rows, norms, _ = collect(train(SPEC, config, few_digits))
    # The first step by hand: the same draws, one forward pass, gradients from autograd, no optimizer.
    torch.manual_seed(11)
    net = build_net(SPEC).to(memory_format=torch.channels_last).train()
    order = torch.randperm(160, generator=torch.Generator().manual_seed(11))[:64]
    x = normalize(torch.from_numpy(few_digits.train_pictures)[order], few_digits.form)
    loss = nn.functional.cross_entropy(net(x), torch.from_numpy(few_digits.train_labels)[order])
    gradients = torch.autograd.grad(loss, list(weighted_layers(net).values()))
    expected = [float((gradient.double() ** 2).sum().sqrt()) for gradient in gradients]
    assert rows["loss"][0] == pytest.approx(loss.item(), rel=1e-5)
    np.testing.assert_allclose(norms[0], expected, rtol=1e-4)


def test_weight_and_update_norms_are_those_of_the_weights_before_and_after(few_digits):
    reports = train(SPEC, replace(CONFIG, epochs=1, augmentation="crop_flip"), few_digits)
    net = next(reports).net
    layers = weighted_layers(net)
    before = {name: weight.detach().clone() for name, weight in layers.items()}
    parts = [report.numbers for report in reports if isinstance(report, StepsDone)]
    weights, updates = (np.concatenate([getattr(part, name) for part in parts]) for name in ("weight", "update"))
    after = [float(torch.linalg.vector_norm(weight.detach().double())) for weight in layers.values()]
    changed = [float((weight.detach() - before[name]).double().norm()) for name, weight in layers.items()]
    np.testing.assert_allclose(weights[-1], after, rtol=1e-5)
    # Two steps: what they changed together is at most the sum of their norms, and at least the difference.
    assert (updates.sum(0) * 1.00001 >= changed).all()
    assert (np.abs(updates[0] - updates[1]) <= np.array(changed) * 1.00001).all()


def test_an_update_norm_is_the_learning_rate_times_the_gradients_in_plain_sgd(few_digits):
    config = replace(CONFIG, momentum=0.0, weight_decay=0.0)
    reports = [report for report in train(SPEC, config, few_digits) if isinstance(report, StepsDone)]
    rates = pd.concat([report.rows for report in reports])["learning_rate"].to_numpy()
    gradients, updates = (
        np.concatenate([getattr(r.numbers, name) for r in reports]) for name in ("gradient", "update")
    )
    np.testing.assert_allclose(updates, rates[:, None] * gradients, rtol=1e-3, atol=1e-6)  # weights are rounded


@pytest.mark.parametrize("spec", [SPEC, NetSpec("resnet", 8, "B", in_channels=1, order="preact")], ids=str)
def test_responses_in_closed_form_are_the_deviation_of_what_batch_norms_put_out(spec, few_digits):
    reports = train(spec, CONFIG, few_digits)
    started = next(reports)
    seen: list[dict[str, float]] = []
    for name in started.norm_layers:

        def note(module: nn.Module, inputs: object, output: torch.Tensor, name: str = name) -> None:
            if module.training:
                if name == started.norm_layers[0]:
                    seen.append({})
                seen[-1][name] = float(output.detach().double().std(correction=0))

        started.net.get_submodule(name).register_forward_hook(note)
    with torch.no_grad():  # as they are after some training, not at 1 and 0
        for name in started.norm_layers:
            norm = started.net.get_submodule(name)
            norm.weight.uniform_(0.3, 1.5)
            norm.bias.uniform_(-1.0, 1.0)
    responses = np.concatenate([r.numbers.responses for r in reports if isinstance(r, StepsDone)])
    expected = pd.DataFrame(seen)[started.norm_layers].to_numpy()
    np.testing.assert_allclose(responses, expected, rtol=2e-3)  # exact but for the norms' epsilon


def test_the_layers_reported_are_the_weighted_layers(few_digits):
    started = next(iter(train(SPEC, CONFIG, few_digits)))
    assert isinstance(started, Started)
    assert started.layers == list(weighted_layers(build_net(SPEC)))
    assert started.total_steps == 4


def test_steps_are_numbered_without_gap_and_epochs_average_them(few_digits):
    rows, norms, epochs = collect(train(SPEC, CONFIG, few_digits))
    assert rows["step"].tolist() == [1, 2, 3, 4]
    assert norms.shape == (4, len(weighted_layers(build_net(SPEC))))
    assert [epoch.step for epoch in epochs] == [2, 4]
    assert epochs[1].train_loss == pytest.approx(rows["loss"][2:].mean())
    assert epochs[1].train_error == pytest.approx(rows["error"][2:].mean())


@pytest.mark.long
def test_the_learning_rate_goes_up_to_its_peak_and_down_to_nothing(few_digits):
    config = replace(CONFIG, epochs=10, peak_lr=0.2)
    rates = collect(train(SPEC, config, few_digits))[0]["learning_rate"]
    assert rates.max() == pytest.approx(0.2, rel=0.02)
    assert rates.iloc[0] == pytest.approx(0.2 / 25)
    assert rates.iloc[-1] < 1e-4


def test_a_net_learns_digits(digits):
    reports = train(SPEC, replace(CONFIG, epochs=3), digits)
    net = next(reports).net
    _, _, epochs = collect(reports)
    assert epochs[-1].test_error < 0.2 < epochs[0].test_error + 0.2
    with torch.no_grad():  # the reported error is that of the net that is left
        answers = net.eval()(normalize(torch.from_numpy(digits.test_pictures), digits.form)).argmax(1).numpy()
    assert epochs[-1].test_error == pytest.approx((answers != digits.test_labels).mean(), abs=1e-6)


def test_the_same_seed_gives_the_same_curve_and_another_seed_another(few_digits):
    config = replace(CONFIG, augmentation="crop_flip")
    first, norms, _ = collect(train(SPEC, config, few_digits))
    again, norms_again, _ = collect(train(SPEC, config, few_digits))
    other, _, _ = collect(train(SPEC, replace(config, seed=1), few_digits))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert np.array_equal(norms, norms_again)
    assert not np.allclose(first["loss"], other["loss"])


def test_the_momentum_of_the_configuration_is_the_one_that_is_used(few_digits):
    steady, _, _ = collect(train(SPEC, CONFIG, few_digits))
    none, _, _ = collect(train(SPEC, replace(CONFIG, momentum=0.0), few_digits))
    assert steady["loss"][0] == none["loss"][0]
    assert steady["loss"][3] != none["loss"][3]


def test_the_first_steps_are_sgd_with_nesterov_momentum_by_hand(few_digits):
    config = replace(CONFIG, seed=2, epochs=1, momentum=0.9, weight_decay=0.01)
    reports = train(SPEC, config, few_digits)
    net = next(reports).net
    rates = collect(reports)[0]["learning_rate"].to_numpy()
    torch.manual_seed(2)
    mine = build_net(SPEC).to(memory_format=torch.channels_last).train()
    order = torch.randperm(160, generator=torch.Generator().manual_seed(2))[:128]
    velocities = [torch.zeros_like(p) for p in mine.parameters()]
    for rate, batch in zip(rates, order.split(64), strict=True):
        x = normalize(torch.from_numpy(few_digits.train_pictures)[batch], few_digits.form)
        loss = nn.functional.cross_entropy(mine(x), torch.from_numpy(few_digits.train_labels)[batch])
        gradients = torch.autograd.grad(loss, list(mine.parameters()))
        with torch.no_grad():
            for p, g, v in zip(mine.parameters(), gradients, velocities, strict=True):
                g = g + 0.01 * p
                v.mul_(0.9).add_(g)
                p.sub_(rate * (g + 0.9 * v))
    torch.testing.assert_close(net.head.fc.weight.detach(), mine.head.fc.weight.detach(), rtol=1e-4, atol=1e-6)


def test_a_run_by_iterations_ends_in_the_middle_of_an_epoch(few_digits):
    rows, _, epochs = collect(train(SPEC, replace(CONFIG, iterations=5), few_digits))
    assert rows["step"].tolist() == [1, 2, 3, 4, 5]
    assert [epoch.step for epoch in epochs] == [2, 4, 5]


def test_held_out_pictures_and_those_beyond_the_subset_are_not_learned_from(few_digits):
    config = replace(CONFIG, held_out=32, subset=64)
    chosen = choose_pictures(160, config)
    assert len(set(chosen)) == 64
    assert np.array_equal(chosen, choose_pictures(160, replace(config, seed=9)))
    everything = choose_pictures(160, replace(config, subset=0))
    assert len(everything) == 128
    assert set(chosen) <= set(everything)
    poisoned = few_digits.train_pictures.copy()
    poisoned[np.setdiff1d(np.arange(160), chosen)] = 255
    clean, _, _ = collect(train(SPEC, config, few_digits))
    other, _, _ = collect(train(SPEC, config, replace(few_digits, train_pictures=poisoned)))
    pd.testing.assert_frame_equal(clean, other, check_exact=True)
    with pytest.raises(ConfigError, match="160 are held out"):
        choose_pictures(160, replace(config, held_out=160))


@pytest.mark.long
@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_adam_learns_too(optimizer, few_digits):
    rows, _, _ = collect(train(SPEC, replace(CONFIG, epochs=15, optimizer=optimizer, peak_lr=0.01), few_digits))
    assert rows["loss"].iloc[-2:].mean() < rows["loss"].iloc[:2].mean() / 2


def test_smoothed_labels_and_mixtures_have_the_loss_of_their_soft_labels():
    torch.manual_seed(0)
    logits, labels = torch.randn(6, 10), torch.randint(10, (6,))
    draws = draw_epoch(6, 6, 6, 8, True, torch.Generator().manual_seed(1))
    share = float(draws.share[0])
    hot = nn.functional.one_hot(labels, 10).float()
    soft = (share * hot + (1 - share) * hot[draws.partner]) * 0.9 + 0.1 / 10
    expected = -(soft * logits.log_softmax(1)).sum(1).mean()
    ours = loss_of(logits, labels, replace(CONFIG, augmentation="mixup", label_smoothing=0.1), draws)
    assert float(ours) == pytest.approx(float(expected), rel=1e-5)


def test_a_clipped_gradient_has_no_more_than_its_bound(few_digits):
    free = collect(train(SPEC, CONFIG, few_digits))[1]
    clipped = collect(train(SPEC, replace(CONFIG, clip_norm=0.1), few_digits))[1]
    assert (free**2).sum(1).min() > 0.1**2
    assert ((clipped**2).sum(1) <= 0.1**2 * 1.001).all()


@pytest.mark.long
def test_the_warm_up_lasts_until_four_fifths_of_the_answers_are_wrong_no_more(digits):
    config = replace(CONFIG, epochs=4, schedule="constant", warm_up=True, peak_lr=0.02, weight_decay=0.0)
    rows, _, _ = collect(train(SPEC, config, digits))
    ended = int((rows["learning_rate"] > 0.01).argmax())  # the row of the first step at the full rate
    assert ended > 0
    assert ended % WARM_UP_STEPS == 0
    np.testing.assert_allclose(rows["learning_rate"], np.where(np.arange(len(rows)) < ended, 0.002, 0.02))
    assert rows["error"][ended - WARM_UP_STEPS : ended].mean() < 0.8
    if ended > WARM_UP_STEPS:
        assert rows["error"][ended - 2 * WARM_UP_STEPS : ended - WARM_UP_STEPS].mean() >= 0.8


def test_the_net_takes_channels_and_classes_of_the_data(few_digits):
    started = next(iter(train(NetSpec("plain", 8, in_channels=3, classes=100), CONFIG, few_digits)))
    assert (started.net.spec.in_channels, started.net.spec.classes) == (1, 10)


def test_bf16_agrees_with_fp32_at_the_first_step(few_digits):
    losses = [
        collect(train(SPEC, replace(CONFIG, precision=precision), few_digits))[0]["loss"][0]
        for precision in ("fp32", "bf16")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1]


def test_a_loss_that_is_no_number_ends_the_run_at_its_step(few_digits):
    reports, rows = (
        train(NetSpec("plain", 8), replace(CONFIG, epochs=30, peak_lr=100.0, weight_decay=1.0), few_digits),
        [],
    )
    with pytest.raises(Diverged) as caught:
        rows.extend(report.rows for report in reports if isinstance(report, StepsDone))
    steps = pd.concat(rows)
    assert steps["step"].iloc[-1] == caught.value.step
    assert not np.isfinite(steps["loss"].iloc[-1])
    assert np.isfinite(steps["loss"].iloc[:-1]).all()
    assert f"step {caught.value.step}" in str(caught.value)


def test_a_batch_larger_than_the_data_is_the_data(few_digits):
    rows, _, _ = collect(train(SPEC, replace(CONFIG, batch_size=4096), few_digits))
    assert len(rows) == 2


def test_a_training_that_starts_from_a_net_begins_with_its_error(few_digits):
    config = preset("digits", epochs=2, precision="fp32", threads=1)
    started, *_, last = train(NetSpec("resnet", 8), config, few_digits)
    net = started.net.eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    again = train(NetSpec("resnet", 8, appended=2), replace(config, peak_lr=0.0), few_digits, start_from=net)
    bigger, *_, end = again
    assert bigger.net.spec.appended == 2
    assert all(torch.equal(net.state_dict()[name], value) for name, value in before.items())  # a copy was trained
    assert end.test_error == pytest.approx(last.test_error, abs=0.1)  # running statistics alone have moved


def test_a_training_starts_from_no_net_of_another_kind(few_digits):
    config = preset("digits", epochs=1)
    started = next(iter(train(NetSpec("resnet", 8), config, few_digits)))
    with pytest.raises(SpecError, match="cannot become plain-8"):
        next(iter(train(NetSpec("plain", 8), config, few_digits, start_from=started.net)))
