"""The door of the spreadsheet side of imports (表格导入): read, map, check, and hand out templates."""

from shuangkong.registry.sheets.cells import MISSING_MARKS
from shuangkong.registry.sheets.checking import Checked, Record, check_rows
from shuangkong.registry.sheets.heads import find_head, signature
from shuangkong.registry.sheets.model import DEFAULT_LIMITS, BadCell, Cell, Head, HeadColumn, Limits, Sheet, text_of
from shuangkong.registry.sheets.reading import read_sheet
from shuangkong.registry.sheets.reasons import Reason
from shuangkong.registry.sheets.refusals import Refusal, refusals_csv, refusals_table
from shuangkong.registry.sheets.schema import Choice, FieldSpec, Mapping, Melt, SheetSchema, Source
from shuangkong.registry.sheets.skipping import Skipped
from shuangkong.registry.sheets.suggesting import Guess, refuse_rivals, suggest_mapping
from shuangkong.registry.sheets.writing import head_of, template

__all__ = [
    "DEFAULT_LIMITS",
    "MISSING_MARKS",
    "BadCell",
    "Cell",
    "Checked",
    "Choice",
    "FieldSpec",
    "Guess",
    "Head",
    "HeadColumn",
    "Limits",
    "Mapping",
    "Melt",
    "Reason",
    "Record",
    "Refusal",
    "Sheet",
    "SheetSchema",
    "Skipped",
    "Source",
    "check_rows",
    "find_head",
    "head_of",
    "read_sheet",
    "refusals_csv",
    "refusals_table",
    "refuse_rivals",
    "signature",
    "suggest_mapping",
    "template",
    "text_of",
]
