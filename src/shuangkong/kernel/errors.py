"""User errors: each has a code, says where and what, and what to do about it (house rule H7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shuangkong.kernel.labels import Label


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One kind of user error; `docs/errors.md` has one heading per code, in this order."""

    code: str
    zh: str
    en: str


CODES: tuple[ErrorCode, ...] = (
    ErrorCode("WS-001", "不是双控工作区", "not a Shuangkong workspace"),
    ErrorCode("WS-002", "工作区版本不匹配", "the workspace was made by another version"),
    ErrorCode("WS-003", "工作区正被占用", "the workspace is busy"),
    ErrorCode("WS-004", "存储写入失败", "storage refused a write"),
    ErrorCode("WS-005", "当时的数据已不再保存", "what was known then is no longer kept"),
    ErrorCode("PACK-001", "规则包文件无法读取", "a pack file cannot be read"),
    ErrorCode("PACK-002", "规则包出现重复键", "a key is given twice in a pack file"),
    ErrorCode("PACK-003", "规则包内容不合规范", "an entry of a pack does not fit its model"),
    ErrorCode("PACK-004", "参数在该日无有效值", "a parameter has no value in force on that day"),
    ErrorCode("PACK-005", "规则包之间引用不成立", "a reference between pack entries does not resolve"),
    ErrorCode("PACK-006", "没有这个规则包或条款", "no such pack, clause or entry"),
    ErrorCode("PACK-007", "规则包提交无效", "a proposal of a pack is not valid"),
    ErrorCode("PACK-008", "规则包须由另一人复核", "a pack is published by a second person"),
    ErrorCode("RULE-001", "规则表达式无法读取", "an expression or cell of a rule cannot be read"),
    ErrorCode("RULE-002", "规则中类型或计量单位不相容", "types or units of a rule do not go together"),
    ErrorCode("RULE-003", "规则表引用了不存在的名称", "a decision table names something that is not there"),
    ErrorCode("RULE-004", "规则表循环引用", "decision tables lead back to themselves"),
    ErrorCode(
        "RULE-005", "规则表有空缺、重叠或不可达的行", "a decision table has a gap, an overlap or an unreachable row"
    ),
    ErrorCode("RULE-006", "规则表过大", "a decision table is too large"),
    ErrorCode("RULE-007", "判定输入无效", "the rows given to a decision table are not valid"),
    ErrorCode("REG-001", "未知的地区或单位", "unknown region or unit"),
    ErrorCode("REG-002", "代码在该日无效", "a code is not valid on that day"),
    ErrorCode("REG-003", "名称或代码有歧义", "a name or code is ambiguous"),
    ErrorCode("REG-004", "与已登记的内容冲突", "contradicts what is registered"),
    ErrorCode("REG-005", "计量登记无效", "a meter, station or token cannot be registered so"),
    ErrorCode("IMP-001", "文件无法读取", "the file cannot be read"),
    ErrorCode("IMP-002", "列对应关系不完整", "the column mapping is incomplete"),
    ErrorCode("IMP-003", "有数据行被拒绝，整个文件未写入", "rows were refused, nothing was written"),
    ErrorCode("IMP-004", "没有这项导入", "no such import"),
    ErrorCode("IMP-005", "更正没有写明原因", "a correction without its reason"),
    ErrorCode("READ-001", "文件不是可读的文本", "the document is not text that can be read"),
    ErrorCode("READ-002", "文件过大", "the document is too large"),
    ErrorCode("READ-003", "文件中没有文字", "the document has no text"),
    ErrorCode("READ-004", "没有这份文件", "no such document in the file"),
    ErrorCode("READ-005", "没有这份待解读的文件或条目", "no such document or entry under review"),
    ErrorCode("READ-006", "文件不能这样处理", "the document cannot be dealt with so"),
    ErrorCode("ING-001", "读数报文无法读取", "a post of readings cannot be read"),
    ErrorCode("ING-002", "接收繁忙，请稍后重发", "too many readings are waiting"),
    ErrorCode("ING-003", "批次号已用于别的读数", "a batch id was used for other readings"),
    ErrorCode("ING-004", "读数令牌无效", "a token for readings does not stand"),
    ErrorCode("ING-005", "读数文件的列对应无效", "the mapping of a file of readings does not hold"),
    ErrorCode("ACC-001", "核算选项无效", "an accounting option is not valid"),
    ErrorCode("RUN-001", "没有这次运算", "no such run"),
    ErrorCode("RUN-002", "没有这条结论", "no such finding"),
    ErrorCode("RUN-003", "情景变更无效", "a scenario change is not valid"),
    ErrorCode("SHARE-001", "分解方案无效", "a decomposition cannot be worked out so"),
    ErrorCode("SHARE-002", "没有这份分解方案", "no such decomposition"),
    ErrorCode("SHARE-003", "分解方案不能这样处理", "the decomposition cannot be dealt with so"),
    ErrorCode("PER-001", "期间写法无效", "a period is not written in a known form"),
    ErrorCode("UNIT-001", "未知或不相容的计量单位", "an unknown or incompatible unit"),
    ErrorCode("SCOPE-001", "无权查看", "outside the scope of the reader"),
    ErrorCode("RIGHT-001", "请先登录", "sign in first"),
    ErrorCode("RIGHT-002", "角色无此权限", "the role does not have this right"),
    ErrorCode("RIGHT-003", "登录未成功", "the sign-in was refused"),
    ErrorCode("RIGHT-004", "授权或任命无效", "a consent or an appointment is not valid"),
    ErrorCode("RIGHT-005", "口令不合要求", "the password does not meet the rules"),
    ErrorCode("RIGHT-006", "表单来历不明或已过期", "the form did not come from this site, or is too old"),
    ErrorCode("JOB-001", "没有这项任务", "no such job"),
    ErrorCode("JOB-002", "任务未能完成", "the job could not be done"),
    ErrorCode("CASE-001", "没有这件督办事项", "no such case"),
    ErrorCode("CASE-002", "这一步不能办理", "the case cannot take this step"),
    ErrorCode("CASE-003", "须由他人办理", "somebody else has to take the step"),
    ErrorCode("CASE-004", "办理材料不合要求", "evidence is wanting or not taken"),
    ErrorCode("BACKUP-001", "备份不完整或已损坏", "the back-up is incomplete or damaged"),
    ErrorCode("AUDIT-001", "审计链不完整", "the audit chain is broken"),
    ErrorCode("AUDIT-002", "没有这条审计记录", "no such entry of the audit log"),
    ErrorCode("FORM-001", "填写有误", "a field of the form is not right"),
    ErrorCode("CLI-001", "命令用法有误", "the command was not used as it should be"),
)
_KNOWN = {c.code: c for c in CODES}


class UserError(Exception):
    """A mistake in what was given, never in the program. Exit code 2 at the terminal, 4xx on the web.

    `message` and `remedy` are for the terminal and for programs. A page has its own words in both languages where the
    error names a `case` of its code; `facts` fill them in, a label in the language of the page.
    """

    def __init__(
        self, code: str, message: str, *, where: str = "", remedy: str = "", case: str = "",
        facts: Mapping[str, str | int | Label] | None = None,
    ) -> None:  # fmt: skip
        if code not in _KNOWN:
            raise KeyError(f"error code {code} is not in kernel.errors.CODES")
        self.code = code
        self.message = message
        self.where = where
        self.remedy = remedy
        self.case = case
        self.facts = dict(facts or {})
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f" {self.where}:" if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.code}{place} {self.message}{remedy}"

    def as_dict(self) -> dict[str, str]:
        """The JSON shape of an error: code, where, what happened, what to do."""
        kind = _KNOWN[self.code]
        return {
            "code": self.code,
            "title_zh": kind.zh,
            "title_en": kind.en,
            "where": self.where,
            "message": self.message,
            "remedy": self.remedy,
        }
