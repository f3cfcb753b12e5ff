"""A metric learned on labels: taken where it helps patients it has not seen, refused where labels are noise."""

import numpy as np
import pytest

from assistant.embed.heads import MIN_PATIENTS, Examples, Head, fit_head, patient_folds
from assistant.errors import DamagedIndex

DIM, LABELS = 24, ("effusion", "nodule", "normal")


def archive(patients, records, seed=0, size=1.0):
    """Vectors with a weak direction for each label under strong ones that mean nothing; all of a patient's records
    carry one label and share a strong direction of the patient's own."""
    random = np.random.default_rng(seed)
    label = random.integers(len(LABELS), size=patients).repeat(records)
    patient = np.arange(patients).repeat(records)
    vectors = np.zeros((len(label), DIM))
    vectors[np.arange(len(label)), label] = size
    vectors[:, 3:] = random.normal(0, 1, (patients, DIM - 3))[patient] + random.normal(0, 0.5, (len(label), DIM - 3))
    vectors[:, :3] += random.normal(0, 0.2, (len(label), 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), [f"p{n}" for n in patient], [frozenset({LABELS[n]}) for n in label]


def fitted(vectors, patients, **groups):
    return fit_head(Examples(patients, groups, lambda rows: vectors[rows]))


def test_labels_that_vectors_carry_faintly_are_learned():
    vectors, patients, label = archive(60, 2)
    found = fitted(vectors, patients, finding=label)
    figures = found.report["groups"]["finding"]
    assert found.report["taken"]
    assert found.head is not None
    assert figures["before"] < 0.5 < 0.7 < figures["after"]
    assert figures["gain"]["low"] > 0.1
    assert figures["chance"] == pytest.approx(1 / 3, abs=0.05)
    mapped = found.head.apply(vectors)
    assert (mapped.dtype, mapped.shape) == (np.float32, (120, found.head.dim))
    assert np.linalg.norm(mapped, axis=1) == pytest.approx(np.ones(120), abs=1e-5)


def test_a_new_patient_finds_the_own_label():
    """Of patients that had no part in the fit, most of the ten nearest fitted records carry their label."""
    vectors, patients, label = archive(90, 2)
    known = fitted(vectors[:120], patients[:120], finding=label[:120])
    mapped = known.head.apply(vectors)
    nearest = np.argsort(-(mapped[120:] @ mapped[:120].T), axis=1)[:, :10]
    hits = [np.mean([label[n] == label[120 + q] for n in row]) for q, row in enumerate(nearest)]
    assert np.mean(hits) > 0.7


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_labels_are_refused(seed):
    vectors, patients, _ = archive(60, 2, seed)
    random = np.random.default_rng(seed)
    noise = [frozenset({str(random.choice(["a", "b", "c"]))}) for _ in patients]
    found = fitted(vectors, patients, noise=noise)
    assert found.head is None
    assert not found.report["taken"]
    assert "no certain gain for unseen patients" in found.report["why"]


def test_no_patient_is_validated_on_a_fit_that_saw_them():
    """A patient's records share a direction of their own. With labels drawn for each patient, whoever validates on
    fitted patients sees them told apart; whoever does not sees chance."""
    vectors, patients, _ = archive(60, 4, seed=5)
    random = np.random.default_rng(5)
    of_patient = {patient: frozenset({str(random.choice(["a", "b"]))}) for patient in sorted(set(patients))}
    label = [of_patient[patient] for patient in patients]
    figures = fitted(vectors, patients, drawn=label).report["groups"]["drawn"]
    assert figures["after"] == pytest.approx(figures["chance"], abs=0.1)
    # the same labels are plain to see for a map that was fitted on these very patients
    centred = vectors - vectors.mean(axis=0)
    target = np.array([1.0 if "a" in carried else -1.0 for carried in label])
    slope = np.linalg.lstsq(centred, target - target.mean(), rcond=None)[0]
    assert np.mean(np.sign(centred @ slope) == target) > 0.7


def test_each_patient_is_held_out_once():
    patients = np.array([f"p{n % 17}" for n in range(100)])
    folds = patient_folds(patients, 5)
    assert np.sum(folds, axis=0).tolist() == [1] * 100
    for held in folds:
        assert not set(patients[held]) & set(patients[~held])


def test_a_group_that_is_told_apart_already_is_not_given_up_for_another():
    """A view that the vectors show plainly stays as plain as it was."""
    vectors, patients, label = archive(60, 2)
    view = np.random.default_rng(1).integers(2, size=len(patients))
    vectors = np.hstack([vectors, 1.5 * np.eye(2)[view]]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = fitted(vectors, patients, finding=label, view=[frozenset({"PA" if v else "AP"}) for v in view])
    figures = found.report["groups"]
    assert found.report["taken"]
    assert figures["finding"]["after"] > figures["finding"]["before"] + 0.1
    assert figures["view"]["after"] > figures["view"]["before"] - 0.05


def test_few_patients_are_no_ground_to_learn_on():
    vectors, patients, label = archive(MIN_PATIENTS - 1, 3)
    found = fitted(vectors, patients, finding=label)
    assert found.head is None
    assert found.report["why"] == "29 patients with a label that 3 share; 30 are needed"
    assert fitted(vectors, patients, name=[frozenset({p}) for p in patients]).report["why"].startswith("0 patients")


def test_a_head_is_stored_without_pickle(tmp_path):
    vectors, patients, label = archive(60, 2)
    head = fitted(vectors, patients, finding=label).head
    head.save(tmp_path / "map.npz")
    again = Head.load(tmp_path / "map.npz")
    assert np.array_equal(again.apply(vectors), head.apply(vectors))
    np.savez(tmp_path / "objects.npz", mean=np.array([{}], object), matrix=np.array([{}], object))
    with pytest.raises(DamagedIndex, match=r"objects\.npz: not a learned metric"):
        Head.load(tmp_path / "objects.npz")
    (tmp_path / "map.npz").write_bytes(b"nothing")
    with pytest.raises(DamagedIndex, match="build the index again"):
        Head.load(tmp_path / "map.npz")
