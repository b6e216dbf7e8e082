"""The door of the policy slice: packs, what is in force, parameters, and the tables that targets become."""

from __future__ import annotations

from shuangkong.policy.aligning import Alignment, align
from shuangkong.policy.aligning import Row as AlignRow
from shuangkong.policy.aligning_told import ATTENTION as ALIGN_ATTENTION
from shuangkong.policy.aligning_told import alignment_workbook
from shuangkong.policy.aligning_told import cell_words as align_cell
from shuangkong.policy.aligning_told import marks_of as align_marks
from shuangkong.policy.aligning_told import name_of as align_name
from shuangkong.policy.aligning_told import say as align_word
from shuangkong.policy.aligning_told import verdict_words as align_verdict
from shuangkong.policy.checks import unanswered, unregistered, words_of_flaw
from shuangkong.policy.clauses import NONE_BECAUSE, Duty, Figure
from shuangkong.policy.comparing import ENTRY_KINDS, Difference, differences
from shuangkong.policy.complaints import PackErrors
from shuangkong.policy.coverage import ClauseCoverage, coverage, years_of
from shuangkong.policy.fields import Accounting, Frozen, LabelModel
from shuangkong.policy.figures import figures_in, number_of, tidy
from shuangkong.policy.loading import builtin_packs, load_all, load_cases, load_files, load_pack
from shuangkong.policy.lowering import lower_target, schedule, yearly_pace
from shuangkong.policy.model import (
    NATION,
    Carrier,
    Clause,
    Confidence,
    IndicatorDeclaration,
    Instrument,
    Pack,
    Parameter,
    Product,
    Source,
    Subject,
    Target,
    UnitSelection,
    content_hash,
)
from shuangkong.policy.overlay import Change, Overlay, Replacement, load_overlay
from shuangkong.policy.packset import STANDING_LABELS, PackSet, Standing, StandingPack
from shuangkong.policy.parameters import Correction, Dated
from shuangkong.policy.publishing import (
    STATES,
    Proposal,
    decide_proposal,
    proposal,
    proposals,
    propose,
    proposed_pack,
    published_packs,
    unpacked,
    with_published,
)
from shuangkong.policy.reading.apart import Asked as ReadAsked
from shuangkong.policy.reading.apart import Bounds as ReadBounds
from shuangkong.policy.reading.apart import difference_in, version_in
from shuangkong.policy.reading.clean import Clean, clean
from shuangkong.policy.reading.draft_words import Words as DraftWords
from shuangkong.policy.reading.drafting import Draft, LeftOut, draft
from shuangkong.policy.reading.files import MAX_BYTES as MAX_DOCUMENT_BYTES
from shuangkong.policy.reading.model import Candidate as ReadCandidate
from shuangkong.policy.reading.model import Clause as ReadClause
from shuangkong.policy.reading.model import Document as ReadDocument
from shuangkong.policy.reading.model import Duty as ReadDuty
from shuangkong.policy.reading.model import Reading
from shuangkong.policy.reading.model import Target as ReadTarget
from shuangkong.policy.reading.naming import names_of as indicator_names
from shuangkong.policy.reading.printed import Lit, Piece, as_printed, cleaned_span, find_words, normalised, pieces
from shuangkong.policy.reading.remembering import Remembered, carried
from shuangkong.policy.reading.service import read_text
from shuangkong.policy.reading.versions import ClauseChange, EntryChange, Version, VersionDifference
from shuangkong.policy.rules.catalogue import Bindable, Catalogue, SubjectKind, source_of, with_declared
from shuangkong.policy.rules.cells import cell
from shuangkong.policy.rules.checked import (
    CheckedInput,
    CheckedOutput,
    CheckedRow,
    CheckedTable,
    ParameterValue,
    UsedParameter,
)
from shuangkong.policy.rules.evaluating import AtLeast, Known, holds, nearest, value_of
from shuangkong.policy.rules.expressions import parse
from shuangkong.policy.rules.model import Every, InputEntry, RowEntry, TableEntry
from shuangkong.policy.rules.nodes import (
    TRUE,
    Binary,
    Call,
    Choice,
    Constant,
    Member,
    Name,
    Node,
    Unary,
    divides,
    names_in,
    walk,
    with_values,
)
from shuangkong.policy.rules.types import DAY, FLAG, TEXT, Kind, conversion, shown, typed, unit_of
from shuangkong.policy.streaks import GradeWord, StreakRule, threshold_of
from shuangkong.policy.strict_yaml import Parsed, parse_yaml
from shuangkong.policy.tables import Column, Condition, DecisionTable, Row, as_checked
from shuangkong.policy.tasks import tasks_workbook
from shuangkong.policy.words import PolicyError, Words, listed, one_line, said, told, why_unread
from shuangkong.policy.writing_yaml import as_yaml

__all__ = [
    "ALIGN_ATTENTION",
    "DAY",
    "ENTRY_KINDS",
    "FLAG",
    "MAX_DOCUMENT_BYTES",
    "NATION",
    "NONE_BECAUSE",
    "STANDING_LABELS",
    "STATES",
    "TEXT",
    "TRUE",
    "Accounting",
    "AlignRow",
    "Alignment",
    "AtLeast",
    "Binary",
    "Bindable",
    "Call",
    "Carrier",
    "Catalogue",
    "Change",
    "CheckedInput",
    "CheckedOutput",
    "CheckedRow",
    "CheckedTable",
    "Choice",
    "Clause",
    "ClauseChange",
    "ClauseCoverage",
    "Clean",
    "Column",
    "Condition",
    "Confidence",
    "Constant",
    "Correction",
    "Dated",
    "DecisionTable",
    "Difference",
    "Draft",
    "DraftWords",
    "Duty",
    "EntryChange",
    "Every",
    "Figure",
    "Frozen",
    "GradeWord",
    "IndicatorDeclaration",
    "InputEntry",
    "Instrument",
    "Kind",
    "Known",
    "LabelModel",
    "LeftOut",
    "Lit",
    "Member",
    "Name",
    "Node",
    "Overlay",
    "Pack",
    "PackErrors",
    "PackSet",
    "Parameter",
    "ParameterValue",
    "Parsed",
    "Piece",
    "PolicyError",
    "Product",
    "Proposal",
    "ReadAsked",
    "ReadBounds",
    "ReadCandidate",
    "ReadClause",
    "ReadDocument",
    "ReadDuty",
    "ReadTarget",
    "Reading",
    "Remembered",
    "Replacement",
    "Row",
    "RowEntry",
    "Source",
    "Standing",
    "StandingPack",
    "StreakRule",
    "Subject",
    "SubjectKind",
    "TableEntry",
    "Target",
    "Unary",
    "UnitSelection",
    "UsedParameter",
    "Version",
    "VersionDifference",
    "Words",
    "align",
    "align_cell",
    "align_marks",
    "align_name",
    "align_verdict",
    "align_word",
    "alignment_workbook",
    "as_checked",
    "as_printed",
    "as_yaml",
    "builtin_packs",
    "carried",
    "cell",
    "clean",
    "cleaned_span",
    "content_hash",
    "conversion",
    "coverage",
    "decide_proposal",
    "difference_in",
    "differences",
    "divides",
    "draft",
    "figures_in",
    "find_words",
    "holds",
    "indicator_names",
    "listed",
    "load_all",
    "load_cases",
    "load_files",
    "load_overlay",
    "load_pack",
    "lower_target",
    "names_in",
    "nearest",
    "normalised",
    "number_of",
    "one_line",
    "parse",
    "parse_yaml",
    "pieces",
    "proposal",
    "proposals",
    "propose",
    "proposed_pack",
    "published_packs",
    "read_text",
    "said",
    "schedule",
    "shown",
    "source_of",
    "tasks_workbook",
    "threshold_of",
    "tidy",
    "told",
    "typed",
    "unanswered",
    "unit_of",
    "unpacked",
    "unregistered",
    "value_of",
    "version_in",
    "walk",
    "why_unread",
    "with_declared",
    "with_published",
    "with_values",
    "words_of_flaw",
    "yearly_pace",
    "years_of",
]
