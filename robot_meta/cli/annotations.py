"""`robot-meta annotations`: what people said about recorded play, how far they agree, a crowd."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tqdm import tqdm

from robot_meta.annotation.agreement import Agreement, agreement, normalized, word_set
from robot_meta.annotation.annotations import Annotation
from robot_meta.annotation.answers import current_answers, labels, preferences
from robot_meta.annotation.clips import Clip, check_clips, episode_lengths
from robot_meta.annotation.crowd.comparing import ComparisonConfig, compare
from robot_meta.annotation.crowd.truth import DeskTruth
from robot_meta.annotation.crowd.workers import CrowdConfig, Judged, annotate, drawn_clips
from robot_meta.annotation.exchange import read_jsonl, write_jsonl
from robot_meta.annotation.history import AnnotationHistory
from robot_meta.benchmarks.markdown import table
from robot_meta.cli.actions import Actions
from robot_meta.cli.annotation_page import add_options, serve
from robot_meta.replay.files import Files

TRUTH = "crowd_truth.jsonl"  # beside the annotations; for scoring only
EPILOG = """examples:
  robot-meta annotations page out/store
      open the address that it prints; any number of people and pages may annotate at a time.
      Episodes that were filmed are shown as the cameras saw them, others are drawn from their
      states. Ctrl-C ends it, and nothing that was said is lost
  robot-meta annotations crowd out/play --seed 0
      forty simulated workers annotate a few clips of generated play
  robot-meta annotations show out/play
      how much there is, and how far annotators agree
  robot-meta annotations export out/play out/annotations.jsonl
  robot-meta annotations import out/annotations.jsonl out/play
Every change is kept: an export holds the whole history, and importing it twice changes nothing.
"""


def main(argv: Sequence[str]) -> int:
    """Entry point of `robot-meta annotations`."""
    return _actions().run(argv)


def _actions() -> Actions:
    actions = Actions(
        "annotations", "What people said about recorded play, and how far they agree.", EPILOG
    )
    action = actions.add
    page = action("page", serve, "serve a page on this machine on which people annotate")
    add_options(page)
    show = action("show", _show, "how much there is, and how far annotators agree")
    listing = action("ls", _ls, "what counts now, one line per answer")
    exporting = action("export", _export, "write the whole history as JSONL")
    importing = action("import", _import, "take in JSONL; what is there already is left out")
    importing.add_argument("file", type=Path, help="JSONL, as `export` writes it")
    crowd = action("crowd", _crowd, "let simulated workers annotate play at the desk")
    for added in (page, show, listing, exporting, importing, crowd):
        added.add_argument("store", type=Path, help="folder of the store")
    exporting.add_argument("file", type=Path, help="file to write anew")
    usual = CrowdConfig()
    crowd.add_argument("--seed", type=int, default=usual.seed, help="of everything (0)")
    crowd.add_argument("--workers", type=int, default=usual.workers, help="how many (40)")
    crowd.add_argument("--steps", type=int, default=usual.steps, help="of a clip (40)")
    crowd.add_argument(
        "--budget", type=float, default=usual.budget, help="share of all windows (0.005)"
    )
    crowd.add_argument("--texts", type=int, default=usual.texts, help="workers per clip (2)")
    pairs = ComparisonConfig().pairs
    crowd.add_argument("--pairs", type=int, default=pairs, help="of clips to compare (50)")
    crowd.add_argument("--quiet", action="store_true", help="no progress bar")
    return actions


def _show(args: argparse.Namespace) -> int:
    history = AnnotationHistory(args.store)
    every = history.annotations()
    answers = current_answers(every)
    now = [said for given in answers.values() for said in given.values()]
    kinds = Counter(said.kind for said in now)
    lines = [
        f"{len(every)} annotations of {len({said.who for said in every})} annotators, "
        f"{len(now)} of which count now: "
        + (", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "none"),
        f"{len({said.text for said in now if said.text})} different texts",
    ]
    if history.damaged:
        lines.append(f"{history.damaged} lines are altered and left out")
    rows = [
        ["labels, letter by letter", *_cells(agreement(labels(answers)))],
        ["labels, the same words", *_cells(agreement(labels(answers), normalized))],
        ["labels, sets of words", *_cells(agreement(labels(answers), word_set))],
        ["preferences", *_cells(agreement(preferences(answers)))],
    ]
    head = ["agreement on", "questions", "annotators", "same", "alpha", "mean kappa"]
    print("\n".join([*lines, *table(head, rows)]))
    return 0


def _cells(found: Agreement) -> list[str]:
    kappas = list(found.kappa.values())
    return [
        str(found.questions),
        str(found.annotators),
        "-" if found.share is None else f"{found.share:.1%}",
        "-" if found.alpha is None else f"{found.alpha:.3f}",
        f"{sum(kappas) / len(kappas):.3f}" if kappas else "-",
    ]


def _ls(args: argparse.Namespace) -> int:
    answers = current_answers(AnnotationHistory(args.store).annotations())
    rows = [
        [" and ".join(map(str, question.clips)), who, said.kind, said.choice or said.text]
        for question, given in sorted(answers.items())
        for who, said in sorted(given.items())
    ]
    print("\n".join(table(["clip", "who", "kind", "answer"], rows)) if rows else "no annotation")
    return 0


def _export(args: argparse.Namespace) -> int:
    every = AnnotationHistory(args.store).annotations()
    write_jsonl(args.file, every)
    print(f"{len(every)} annotations of {args.store} are in {args.file}")
    return 0


def _import(args: argparse.Namespace) -> int:
    given = read_jsonl(args.file)
    check_clips(_clips(given), episode_lengths(args.store))
    new = AnnotationHistory(args.store).merge(given)
    print(f"{new} new annotations, {len(given) - new} were in {args.store} already")
    return 0


def _clips(annotations: Iterable[Annotation]) -> Iterable[Clip]:
    return (c for said in annotations for c in (said.clip, said.other) if c is not None)


def _crowd(args: argparse.Namespace) -> int:
    config = CrowdConfig(
        seed=args.seed,
        workers=args.workers,
        steps=args.steps,
        budget=args.budget,
        texts=args.texts,
    )
    truth = DeskTruth(args.store)
    clips, every = drawn_clips(config, truth.lengths)
    with tqdm(total=len(clips), desc="crowd", unit="clip", disable=args.quiet) as bar:
        judged = list(annotate(config, truth, bar.update))
    judged += compare(config, ComparisonConfig(pairs=args.pairs), truth)
    _write_truth(args.store / TRUTH, judged)
    new = AnnotationHistory(args.store).merge(each.annotation for each in judged)
    steps = sum(truth.lengths.values())
    print(
        f"{new} new annotations; {len(clips)} labelled clips are {len(clips) / every:.2%} of all "
        f"windows and {len(clips) * config.steps / steps:.1%} of all steps\n"
        f"what is true of them is in {args.store / TRUTH}, for scoring only"
    )
    return 0


def _write_truth(path: Path, judged: Iterable[Judged]) -> None:
    """Add what is true of each annotation, without forgetting that of others."""
    lines = path.read_text().splitlines() if path.exists() else []
    known = {line["id"]: line for line in map(json.loads, lines)}
    known |= {each.annotation.id: each.as_json() for each in judged}
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in known.values())
    Files().write_whole(path, text.encode())
