"""The door of HJ 212: frames in and out, readings in columns, the server."""

from shuangkong.metering.hj212.asking import Asked
from shuangkong.metering.hj212.build import (
    data_answer,
    execution_result,
    frame,
    get_history,
    notice_answer,
    request,
    request_answer,
    segment,
    set_time,
)
from shuangkong.metering.hj212.crc import crc, crc_modbus, crcs
from shuangkong.metering.hj212.fault_log import FaultLog
from shuangkong.metering.hj212.faults import Fault
from shuangkong.metering.hj212.framing import Frame, Splitter
from shuangkong.metering.hj212.intake import Intake, Station
from shuangkong.metering.hj212.journalling import SentBefore, into_journal
from shuangkong.metering.hj212.judging import Judged, judge_file, judge_line
from shuangkong.metering.hj212.parts import Parts
from shuangkong.metering.hj212.readings import Gathering, Readings
from shuangkong.metering.hj212.segment import Head, Message, head_of, read, usual_head
from shuangkong.metering.hj212.server import ALL_KEPT, Acknowledged, Observed, Server
from shuangkong.metering.hj212.standard import Command, Edition, ServerLimits, standard, statistics

__all__ = [
    "ALL_KEPT",
    "Acknowledged",
    "Asked",
    "Command",
    "Edition",
    "Fault",
    "FaultLog",
    "Frame",
    "Gathering",
    "Head",
    "Intake",
    "Judged",
    "Message",
    "Observed",
    "Parts",
    "Readings",
    "SentBefore",
    "Server",
    "ServerLimits",
    "Splitter",
    "Station",
    "crc",
    "crc_modbus",
    "crcs",
    "data_answer",
    "execution_result",
    "frame",
    "get_history",
    "head_of",
    "into_journal",
    "judge_file",
    "judge_line",
    "notice_answer",
    "read",
    "request",
    "request_answer",
    "segment",
    "set_time",
    "standard",
    "statistics",
    "usual_head",
]
