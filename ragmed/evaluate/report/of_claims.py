"""The sections of a report on citation checks."""

from __future__ import annotations

import math
from html import escape

from ragmed.evaluate.claims import CheckedClaim, ClaimScores
from ragmed.evaluate.measures import roc, score_bins
from ragmed.evaluate.report import plots
from ragmed.evaluate.report.markup import Section, drawing, drawings, figures, key, table

_SHOWN = 12
_LONGEST = 260


def claim_sections(scores: ClaimScores) -> list[Section]:
    """Figures; verdicts; the graded score beside the plain ones; the worst mistakes of both kinds."""
    values = scores.report()
    sections = [
        Section(title="Figures", body=_intervals(values) + figures(values)),
        Section(title="Verdicts", body=_verdicts(values)),
        Section(title="The support score", body=_score(scores)),
    ]
    passed = sorted((one for one in scores.claims if _passed(one)), key=lambda one: -one.score)
    flagged = sorted((one for one in scores.claims if _flagged(one)), key=lambda one: -one.score)
    sections.append(Section(title="Let through, though unsupported", body=_listed(passed)))
    sections.append(Section(title="Flagged, though supported", body=_listed(flagged)))
    return sections


def _passed(one: CheckedClaim) -> bool:
    return one.verdict.holds and not one.judged.supported


def _flagged(one: CheckedClaim) -> bool:
    return not one.verdict.holds and one.judged.supported


def _intervals(values: dict[str, object]) -> str:
    def between(name: str) -> str:
        pair = values[name]
        if not isinstance(pair, list) or None in pair:
            return "–"
        return f"{pair[0]:+.3f} to {pair[1]:+.3f}"

    area, bounds = values["auroc"], values["auroc_ci95"]
    if not isinstance(area, float) or not isinstance(bounds, list):
        return ""
    return (
        f'<p class="verdict">AUROC of the support score {area:.3f} (95 % interval {bounds[0]:.3f} to {bounds[1]:.3f}); '
        f"above one plain cosine by {between('auroc_over_cosine_ci95')}, above token overlap by "
        f"{between('auroc_over_overlap_ci95')}.</p>"
    )


def _verdicts(values: dict[str, object]) -> str:
    columns = [values[name] for name in ("verdicts_of_supported", "verdicts_of_unsupported", "verdicts")]
    counts = [one for one in columns if isinstance(one, dict)]
    rows = [[escape(name), *(str(one[name]) for one in counts)] for name in counts[2]]
    return '<p class="note">A claim that is verbatim or supported is shown; any other verdict flags it.</p>' + table(
        ("verdict", "judge: supported", "judge: not", "all"), rows, right=(1, 2, 3)
    )


def _score(scores: ClaimScores) -> str:
    supported = [one for one in scores.claims if one.judged.supported]
    others = [one for one in scores.claims if not one.judged.supported]
    pictures = [
        drawing(
            "Scores of supported and unsupported claims",
            plots.two_histograms(
                [one.score for one in supported],
                [one.score for one in others],
                "Distribution of the support score",
                "support score",
            ),
            key("a", f"supported ({len(supported)})")
            + key("b", f"unsupported ({len(others)})")
            + "Shares of each group.",
        )
    ]
    if supported and others:
        lines = [
            (f"{name}, {scores.area(sign):.3f}", roc([getattr(one, sign) for one in supported], wrong))
            for name, sign in (("support score", "score"), ("plain cosine", "cosine"), ("token overlap", "overlap"))
            for wrong in [[getattr(one, sign) for one in others]]
            if not math.isnan(scores.area(sign))
        ]
        bins = score_bins([(one.score, one.judged.supported) for one in scores.claims])
        pictures += [
            drawing(
                "Telling supported from unsupported",
                plots.curves(lines, "ROC curves", ("unsupported, let through", "supported, kept")),
                "Each point is a threshold; the figure beside a name is its AUROC. The diagonal is guessing.",
            ),
            drawing(
                "Is the score a fair chance?",
                plots.reliability(bins, "Reliability of the support score", ("support score", "share supported")),
                "Ten bands of the score; a larger dot holds more claims. On the diagonal the score says what happens.",
            ),
        ]
    return drawings(*pictures)


def _listed(claims: list[CheckedClaim]) -> str:
    rows = [
        [
            escape(one.judged.claim),
            escape(_cut(one.judged.evidence)),
            escape(one.reason or one.verdict.value),
            f"{one.score:.2f}",
        ]
        for one in claims[:_SHOWN]
    ]
    note = f'<p class="note">{len(claims)} claims; the {len(rows)} with the highest score.</p>'
    return note + table(("claim", "evidence", "why", "score"), rows, right=(3,), kind="prose")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} …"
