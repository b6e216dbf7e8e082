"""How people write names of places: full width, spaces, traditional characters, short and English forms."""

from __future__ import annotations

import re
import unicodedata

from shuangkong.registry.model import Region

_NOISE = re.compile(r"[\s·・•.,，、'\"“”‘’()（）\-_/＞>\u200b\ufeff]+")
#: Traditional and variant characters that occur in names of provinces and prefectures.
_SIMPLER = str.maketrans(
    "廣東臺灣陝遼寧內貴雲肅龍蘇膠兗滬慶瀋陽錦營鐵嶺蘆島長連濟濰棗莊煙濱鄭開許漢荊門黃岡鹹張婁懷賓欽貢瀘綿樂達資義畢銅順紅麗臨滄薩則"
    "蘭關銀隴寶鳳爾齊綏興綠鹽揚鎮無錫蕪馬廈巖贛饒撫鄉區縣烏魯圖凱維壯紹溫鶴雞雙鴨呂陰劉陳賀陸澤豐萊聖蓮潁渦衛輝榮靈壽贊極頭貝倫諾",
    "广东台湾陕辽宁内贵云肃龙苏胶兖沪庆沈阳锦营铁岭芦岛长连济潍枣庄烟滨郑开许汉荆门黄冈咸张娄怀宾钦贡泸绵乐达资义毕铜顺红丽临沧萨则"
    "兰关银陇宝凤尔齐绥兴绿盐扬镇无锡芜马厦岩赣饶抚乡区县乌鲁图凯维壮绍温鹤鸡双鸭吕阴刘陈贺陆泽丰莱圣莲颍涡卫辉荣灵寿赞极头贝伦诺",
)
_AUTONOMOUS = re.compile(r"自治([州县旗])$")


def plain(text: str) -> str:
    """The spelling that is compared: NFKC, no spaces or dots, simplified characters, lower case."""
    wide = unicodedata.normalize("NFKC", text)
    return _NOISE.sub("", wide).translate(_SIMPLER).casefold()


def short_forms(region: Region) -> tuple[str, ...]:
    """What the place is called beside its full name: 海西, 海西州, Haixi; 内蒙 for 内蒙古."""
    forms = {region.short_zh, region.name_en}
    if (rank := _AUTONOMOUS.search(region.name_zh)) and region.short_zh:
        forms.add(region.short_zh + rank.group(1))
    if region.short_zh == "内蒙古":
        forms.add("内蒙")
    if region.name_zh.endswith("自治区"):
        forms.add(f"{region.short_zh}自治区")
    if region.code == "000000":
        forms |= {"中国", "国家", "全国合计"}
    return tuple(sorted(plain(form) for form in forms - {""}))
