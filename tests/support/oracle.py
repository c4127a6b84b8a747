"""Brute-force oracle of docs/TEXT.md.

Written from that page alone, in the plainest way, and sharing no code or table with the product. Its
data are the Unicode Character Database (Python's unicodedata; Scripts.txt, EquivalentUnifiedIdeograph.txt and
Unihan_Variants.txt of the Debian package unicode-data) and ICU's Traditional-Simplified map of single
characters (uconv of the package icu-devtools). Where these are not installed, importing works and the first
use raises unittest.SkipTest, so that a test which needs the oracle is skipped with that message.

    python3 tests/support/oracle.py --classes    compare with the programs named by XUNJU_INDEX, XUNJU_QUERY
    python3 tests/support/oracle.py --units TEXT show the units of a text
"""

import bisect
import bz2
import functools
import os
import subprocess
import sys
import unicodedata
import unittest
from collections import namedtuple

UNICODE_DATA = os.environ.get("XUNJU_UNICODE_DATA", "/usr/share/unicode")

INVISIBLE, SOFT, CHAR, WORD, BREAK = "INVISIBLE", "SOFT", "CHAR", "WORD", "BREAK"

# A unit: its kind (CHAR, WORD or BREAK), its folded text, and the half-open range of code points it covers.
Unit = namedtuple("Unit", "kind text start end")


# ---------------------------------------------------------------------------------------------- data files

def _lines(name):
    path = os.path.join(UNICODE_DATA, name)
    try:
        opened = bz2.open(path, "rt", encoding="utf-8") if name.endswith(".bz2") else open(path, encoding="utf-8")
        with opened as lines:
            for line in lines:
                line = line.split("#", 1)[0].rstrip() if not name.startswith("Unihan") else line.rstrip("\n")
                if line and not line.startswith("#"):
                    yield line
    except FileNotFoundError:
        raise unittest.SkipTest("the oracle needs %s (Debian package unicode-data)" % path) from None


@functools.lru_cache(None)
def _scripts():
    """script name -> sorted list of (first, last)"""
    scripts = {}
    for line in _lines("Scripts.txt"):
        codes, script = (field.strip() for field in line.split(";"))
        first, _, last = codes.partition("..")
        scripts.setdefault(script, []).append((int(first, 16), int(last or first, 16)))
    return {script: sorted(ranges) for script, ranges in scripts.items()}


def has_script(char, script):
    ranges = _scripts()[script]
    at = bisect.bisect_right(ranges, (ord(char), 0x110000)) - 1
    return at >= 0 and ranges[at][0] <= ord(char) <= ranges[at][1]


def all_han():
    """Every code point of script Han, ascending."""
    return [chr(code) for first, last in _scripts()["Han"] for code in range(first, last + 1)]


def _icu_simplified(chars):
    """ICU's Traditional-Simplified of each character alone (one a line: no context)."""
    try:
        done = subprocess.run(["uconv", "-f", "utf-8", "-t", "utf-8", "-x", "Traditional-Simplified"],
                              input="\n".join(chars).encode(), stdout=subprocess.PIPE, check=True)
    except FileNotFoundError:
        raise unittest.SkipTest("the oracle needs uconv (Debian package icu-devtools)") from None
    lines = done.stdout.decode().split("\n")
    assert len(lines) == len(chars), "uconv changed the number of lines"
    return lines


# ------------------------------------------------------------------------------- section 2.1: compatibility

_DEFAULT_IGNORABLE = ((0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
                      (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
                      (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8),
                      (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF))


def _ignorable(char):
    return any(first <= ord(char) <= last for first, last in _DEFAULT_IGNORABLE)


def nfkc_casefold(char):
    """NFKC_Casefold of one code point: a string of none, one or more."""
    before, text = None, char
    while text != before:
        before = text
        text = unicodedata.normalize("NFKC", text).casefold()
        text = "".join(c for c in unicodedata.normalize("NFKC", text) if not _ignorable(c))
    return text


@functools.lru_cache(None)
def _radicals():
    """CJK Radicals Supplement -> the ideograph that it is the form of"""
    radicals = {}
    for line in _lines("EquivalentUnifiedIdeograph.txt"):
        codes, ideograph = (field.strip() for field in line.split(";"))
        first, _, last = codes.partition("..")
        for code in range(int(first, 16), int(last or first, 16) + 1):
            if 0x2E80 <= code <= 0x2EFF:
                radicals[chr(code)] = chr(int(ideograph, 16))
    return radicals


def _gb18030_private_use():
    """Private-use code points of GBK and GB 18030-2000 -> the characters that GB 18030 has there now.

    U+E815 to U+E864 were the codes FE50 to FEA0 of GBK in order; most of them are known to Python's codec,
    which is that of 2000, and the rest came in 2005 and 2022.
    """
    later = {0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6,
             0xE82C: 0x9FB7, 0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA,
             0xE855: 0x241FE, 0xE864: 0x9FBB, 0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13,
             0xE791: 0xFE14, 0xE792: 0xFE15, 0xE793: 0xFE16, 0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19,
             0xE7C7: 0x1E3F}
    trails = [trail for trail in range(0x50, 0xA1) if trail != 0x7F]
    out = {chr(0xE815 + n): bytes((0xFE, trail)).decode("gb18030") for n, trail in enumerate(trails)}
    out.update((chr(old), chr(new)) for old, new in later.items())
    return out


GB18030_PRIVATE_USE = _gb18030_private_use()


def _compatible(char):
    """Section 2.1: what `char` stands for before scripts are folded."""
    char = GB18030_PRIVATE_USE.get(char, char)
    mapped = nfkc_casefold(char)
    if len(mapped) == 1:
        return _radicals().get(mapped, mapped)
    solid = [unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nd" for c in mapped]
    # An expansion into punctuation only (the three dots of an ellipsis) is none.
    if len(mapped) > 1 and any(solid) and all(yes or c in "+-./%()" for yes, c in zip(solid, mapped)):
        return mapped
    return char


# ------------------------------------------------------------------------------------- section 2.2: scripts

# Reviewed by hand: the first character of each joins all that follow.
JOINED = ["峰峯", "面麪", "群羣", "床牀", "鉴鑑", "账帐", "里裏裡", "只祇"]
# Pairs whose classes stay apart although a source names them as variants.
APART = {frozenset(pair) for pair in ("覆复", "覆復", "覆複", "沉沈", "沉瀋")}


@functools.lru_cache(None)
def _representatives():
    """Han character -> representative of its class; characters alone in their class are left out."""
    parent = {}

    def root(char):
        while parent.get(char, char) != char:
            char = parent[char]
        return char

    def join(one, other):
        if frozenset((one, other)) in APART:
            return
        # Any member would do; one of the main block reads best.
        one, other = sorted((root(one), root(other)), key=lambda char: (not "\u4e00" <= char <= "\u9fff", char))
        parent[other] = one
        parent.setdefault(one, one)

    for line in _lines("Unihan_Variants.txt.bz2"):
        code, field, value = line.split("\t")
        if field in ("kSimplifiedVariant", "kTraditionalVariant", "kZVariant"):
            for variant in value.split():
                join(chr(int(code[2:], 16)), chr(int(variant.split("<")[0][2:], 16)))
    han = all_han()
    for char, simple in zip(han, _icu_simplified(han)):
        if len(simple) == 1:
            join(char, simple)
        folded = _compatible(char)
        if len(folded) == 1:
            join(char, folded)
    for chars in JOINED:
        for other in chars[1:]:
            join(chars[0], other)
    return {char: root(char) for char in parent}


@functools.lru_cache(None)
def fold(char):
    """The representative of one code point; a string of more than one code point when it is expanded."""
    return "".join(_representatives().get(c, c) if has_script(c, "Han") else c for c in _compatible(char))


# ------------------------------------------------------------------------------------------------- classes

WHITE_SPACE = set("\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
                  "\u2028\u2029\u202f\u205f\u3000")
QUOTES = set("\"'“”„‟‘’‚‛〝〞〟「」『』《》〈〉【】«»‹›")
MIDDLE_DOTS = set("·・‧•･")
VARIATION_SELECTORS = {chr(code) for code in [0x180B, 0x180C, 0x180D, 0x180F, *range(0xFE00, 0xFE10),
                                              *range(0xE0100, 0xE01F0)]}


@functools.lru_cache(None)
def class_of(folded):
    """Class of one folded code point."""
    category = unicodedata.category(folded)
    if (category == "Cf" or category == "Cc" and folded not in "\t\n\v\f\r\x85"
            or folded in VARIATION_SELECTORS or folded in "\u034f\u115f\u1160\u3164\uffa0"):
        return INVISIBLE
    if folded in WHITE_SPACE and folded != "\n" or folded in QUOTES or folded in MIDDLE_DOTS:
        return SOFT
    if (any(has_script(folded, script) for script in ("Han", "Hiragana", "Katakana", "Hangul", "Bopomofo"))
            or folded in "々〇ー\u3099\u309a"):
        return CHAR
    if category[0] in "LMN":
        return WORD
    return BREAK


# ------------------------------------------------------------------------------------- section 1.2: cleaning

@functools.lru_cache(None)
def _deleted_by_cleaning(char):
    return (class_of(fold(char)[0]) == INVISIBLE
            or unicodedata.category(char) == "Cc" and char not in "\t\n")


def clean_with_sources(text):
    """The cleaned text and, for each of its code points, the half-open range of `text` it stands for."""
    out, sources, at = [], [], 0
    while at < len(text):
        char, size = text[at], 1
        if text[at:at + 2] == "\r\n":
            char, size = "\n", 2
        elif char in "\r\v\f\x85\u2028\u2029":
            char = "\n"
        elif char == "\0":
            char = " "
        if not _deleted_by_cleaning(char):
            out.append(char)
            sources.append((at, at + size))
        at += size
    return "".join(out), sources


def clean(text):
    return clean_with_sources(text)[0]


def trim(text):
    """Without leading and trailing white space."""
    return text.strip("".join(WHITE_SPACE))


# ------------------------------------------------------------------------------------------ section 3: units

DIGITS = frozenset("0123456789")
WORD_MAX = 64

# One folded code point, its class, and the position in the text of the code point it comes from.
_Folded = namedtuple("_Folded", "char cls at")


@functools.lru_cache(None)
def _fold_and_class(char):
    return tuple((folded, class_of(folded)) for folded in fold(char))


def _folded_text(text, exact_script):
    if exact_script:
        # A code point that expands is one code point, with the class of the first it expands to.
        firsts = [_Folded(*_fold_and_class(char)[0], at) for at, char in enumerate(text)]
        return [first for first in firsts if first.cls != INVISIBLE]
    return [_Folded(folded, cls, at) for at, char in enumerate(text)
            for folded, cls in _fold_and_class(char) if cls != INVISIBLE]


def _joins(s, word, j, group):
    """Does the connector s[j] join the word s[word:j]? `group` is where a group of digits may begin."""
    def digit(k):
        return 0 <= k < len(s) and s[k].char in DIGITS

    def is_word(k):
        return 0 <= k < len(s) and s[k].cls == WORD

    def digits_from(k):
        end = k
        while digit(end):
            end += 1
        return end

    connector = s[j].char
    if connector == "_":
        return is_word(j - 1) and is_word(j + 1)
    if connector == ".":
        if not digit(j - 1) or not digit(j + 1):
            return False
        end = digits_from(j + 1)
        after = "".join(f.char for f in s[j + 1:end])
        year = len(after) == 4 and after[:2] in ("19", "20") and end < len(s) and s[end].char == fold("年")
        return not year
    if connector == ",":
        if digits_from(group) != j or not 1 <= j - group <= 3 or group != word and j - group != 3:
            return False
        return digits_from(j + 1) - (j + 1) == 3
    if connector == "+":
        return is_word(j - 1) and is_word(j + 1)
    if connector in "%‰":
        return digit(j - 1)
    return False


def _word_end(s, word):
    """End of the maximal word that begins at s[word]."""
    j, group = word + 1, word
    while j < len(s):
        if s[j].cls == WORD:
            j += 1
        elif _joins(s, word, j, group):
            if s[j].char in "%‰":
                return j + 1
            if s[j].char == ",":
                group = j + 1
            j += 1
        else:
            break
    return j


def units(text, exact_script=False):
    """The units of a passage."""
    s = _folded_text(text, exact_script)

    def word(first, last):
        value = "".join(text[f.at] if exact_script else f.char for f in s[first:last])
        return Unit(WORD, value, s[first].at, s[last - 1].at + 1)

    out, i = [], 0
    while i < len(s):
        char, cls, at = s[i]
        if cls == SOFT:
            i += 1
        elif cls == WORD:
            end = _word_end(s, i)
            for first in range(i, end, WORD_MAX):
                out.append(word(first, min(first + WORD_MAX, end)))
            i = end
        else:
            out.append(Unit(cls, text[at] if exact_script else char, at, at + 1))
            i += 1
    return out


def query_units(text, exact_script=False):
    """The units of a phrase of a query: as units(), but LF counts as a space."""
    return units(text.replace("\n", " "), exact_script)


def searchable(phrase):
    return any(unit.kind != BREAK for unit in query_units(phrase))


# --------------------------------------------------------------------------------------- section 4: matching

def find_units(passage, phrase):
    """Every i such that the passage's units from i on equal the phrase's, one by one."""
    want = [(unit.kind, unit.text) for unit in phrase]
    have = [(unit.kind, unit.text) for unit in passage]
    return [i for i in range(len(have) - len(want) + 1) if want and have[i:i + len(want)] == want]


def find(passage, phrase, exact_script=False):
    """The matches of a phrase in the text of one passage, as (start, end) in code points."""
    have, want = units(passage, exact_script), query_units(phrase, exact_script)
    return [(have[i].start, have[i + len(want) - 1].end) for i in find_units(have, want)]


def count(passages, phrase, exact_script=False):
    """(occurrences, passages, reports) for passages given as (report id, text)."""
    hits = [(report, len(find(text, phrase, exact_script))) for report, text in passages]
    hits = [(report, n) for report, n in hits if n]
    return sum(n for _, n in hits), len(hits), len({report for report, _ in hits})


class Corpus:
    """find() and count() over many passages, fast enough for 10^5 queries.

    Each distinct unit becomes one character of a string, so that finding a phrase is finding a substring.
    """

    def __init__(self, passages, exact_script=False):
        self.exact_script = exact_script
        self.passages = list(passages)
        self.units = [units(text, exact_script) for _, text in self.passages]
        self.codes = {}
        self.starts = []
        pieces, at = [], 0
        for passage in self.units:
            piece = "".join(self.codes.setdefault((unit.kind, unit.text), self._next()) for unit in passage)
            pieces.append(piece + "\0")
            self.starts.append(at)
            at += len(piece) + 1
        self.text = "".join(pieces)

    def _next(self):
        code = len(self.codes) + 1
        return chr(code if code < 0xD800 else code + 0x800)

    def hits(self, phrase):
        """[(passage number, unit number)] of every occurrence, and the number of units of the phrase"""
        want = query_units(phrase, self.exact_script)
        codes = [self.codes.get((unit.kind, unit.text)) for unit in want]
        found = []
        if codes and None not in codes:
            needle = "".join(codes)
            at = self.text.find(needle)
            while at >= 0:
                passage = bisect.bisect_right(self.starts, at) - 1
                found.append((passage, at - self.starts[passage]))
                at = self.text.find(needle, at + 1)
        return found, len(want)

    def per_passage(self, phrase):
        """{passage number: number of occurrences}"""
        counts = {}
        for passage, _ in self.hits(phrase)[0]:
            counts[passage] = counts.get(passage, 0) + 1
        return counts

    def totals(self, counts):
        """(occurrences, passages, reports) of a result of per_passage()"""
        return sum(counts.values()), len(counts), len({self.passages[n][0] for n in counts})

    def count(self, phrase):
        return self.totals(self.per_passage(phrase))

    def matches(self, phrase):
        """{passage number: [(start, end), ...]} in code points of the passage's text"""
        found, size = self.hits(phrase)
        out = {}
        for passage, i in found:
            have = self.units[passage]
            out.setdefault(passage, []).append((have[i].start, have[i + size - 1].end))
        return out


# ------------------------------------------------------- characters of clear class, for texts made at random

# Simplified and Traditional form, pair after pair.
_PAIRS = (
    "万萬与與专專业業丛叢东東丝絲两兩严嚴丧喪丰豐临臨为爲举舉义義乌烏乐樂乔喬习習乡鄉书書买買乱亂争爭亏虧亚亞"
    "产產亩畝亲親亿億仅僅从從仑侖仓倉仪儀们們价價众眾优優会會伞傘伟偉传傳伤傷伦倫伪僞体體佣傭侠俠侣侶侥僥侦偵"
    "侧側侨僑侩儈侪儕侬儂俩倆俭儉债債倾傾偻僂偿償兰蘭关關兴興养養兽獸冈岡写寫军軍农農冯馮决決况況冻凍净淨凉涼"
    "减減凑湊凛凜凤鳳凭憑凯凱击擊凿鑿则則刚剛创創删刪别別剂劑剑劍剥剝剧劇劝勸办辦务務动動励勵劲勁劳勞势勢勋勳"
    "匀勻区區医醫华華协協单單卖賣卢盧卤鹵卫衛却卻厂廠厅廳厉厲压壓厌厭厕廁厢廂县縣参參双雙变變叙敘叠疊叶葉号號"
    "叹嘆吓嚇吕呂吗嗎启啓吴吳呐吶呕嘔员員呛嗆呜嗚咏詠响響哑啞哗嘩哟喲唤喚啬嗇啸嘯喷噴嘱囑园園围圍国國图圖圆圓"
    "圣聖场場坏壞块塊坚堅坛壇坝壩坞塢坟墳坠墜垄壟垒壘垦墾垫墊壮壯声聲壳殼处處备備够夠头頭夸誇夹夾夺奪奋奮奖獎"
    "妆妝妇婦妈媽姗姍娄婁娇嬌娱娛婴嬰孙孫学學宁寧宝寶实實宠寵审審宪憲宫宮宽寬宾賓寝寢对對寻尋导導寿壽将將尔爾"
    "尘塵尝嘗尧堯层層属屬屡屢屿嶼岁歲岂豈岗崗岚嵐岛島岭嶺峡峽币幣帅帥师師帜幟带帶帮幫庄莊庆慶庐廬库庫应應庙廟"
    "庞龐废廢开開异異弃棄张張弥彌弯彎弹彈强強归歸录錄彻徹径徑忆憶忧憂怀懷态態怜憐总總恋戀恳懇恶惡恼惱悦悅悬懸"
    "惊驚惧懼惨慘惩懲惭慚惯慣愤憤愿願懒懶戏戲战戰户戶扑撲执執扩擴扫掃扬揚扰擾抚撫抛拋抢搶护護报報担擔拟擬拢攏"
    "拣揀拥擁拦攔拨撥择擇挚摯挠撓挡擋挣掙挤擠挥揮损損捡撿换換据據掷擲揽攬搁擱搂摟搅攪携攜摄攝摆擺摇搖摊攤撑撐"
    "敌敵斋齋斗鬥斩斬断斷无無旧舊时時旷曠昙曇昼晝显顯晋晉晒曬晓曉晕暈暂暫术術机機杀殺杂雜权權条條来來杨楊杰傑"
    "极極构構枢樞枣棗枪槍枫楓柜櫃柠檸标標栈棧栋棟栏欄树樹样樣桥橋桨槳桩樁梦夢检檢楼樓榄欖横橫樱櫻欢歡欧歐歼殲"
    "残殘毁毀毕畢毙斃氢氫汇匯汉漢汤湯沟溝没沒沦淪沧滄沪滬泞濘泪淚泼潑泽澤洁潔洒灑浅淺浆漿浇澆测測济濟浏瀏浑渾"
    "浓濃涂塗涛濤涝澇润潤涨漲涩澀渊淵渐漸渔漁渗滲温溫湾灣湿濕溃潰滚滾滞滯满滿滤濾滥濫滨濱滩灘潜潛澜瀾灭滅灯燈"
    "灵靈灾災灿燦炉爐点點炼煉烂爛烛燭烟煙烦煩烧燒热熱爱愛爷爺牵牽牺犧状狀犹猶狱獄狮獅独獨狭狹猎獵猪豬猫貓献獻"
    "玛瑪环環现現珑瓏琐瑣琼瓊画畫畅暢畴疇疗療疮瘡疯瘋痒癢痴癡瘫癱皱皺盏盞盐鹽监監盖蓋盘盤睁睜瞒瞞矫矯矿礦码碼"
    "砖磚础礎硕碩确確碍礙礼禮祷禱祸禍禅禪离離种種积積称稱税稅稳穩穷窮窃竊窍竅窝窩竖豎竞競笔筆笋筍笼籠筑築筛篩"
    "筹籌签簽简簡篮籃篱籬类類粮糧粪糞紧緊纠糾红紅纤纖约約级級纪紀纬緯纯純纱紗纲綱纳納纵縱纷紛纸紙纹紋纺紡纽紐"
    "线線练練组組绅紳细細织織终終绍紹经經绑綁绒絨结結绕繞绘繪给給络絡绝絕统統绢絹绣繡继繼绩績绪緒续續绳繩维維"
    "绵綿综綜绿綠缅緬缆纜缓緩缔締编編缘緣缚縛缝縫缠纏缩縮缴繳网網罗羅罚罰罢罷羡羨耸聳耻恥聂聶聋聾职職联聯聪聰"
    "肃肅肠腸肤膚肾腎肿腫胀脹胁脅胆膽胜勝胶膠脉脈脏髒脑腦脱脫脸臉腊臘腾騰舰艦艰艱艺藝节節芦蘆苍蒼苏蘇苹蘋荐薦"
    "荡蕩荣榮药藥莲蓮获獲莹瑩营營萧蕭萨薩蓝藍蔷薔蕴蘊虏虜虑慮虽雖虾蝦蚀蝕蚁蟻蚂螞蚕蠶蛮蠻蜗蝸蜡蠟蝇蠅衅釁补補"
    "袜襪袭襲装裝见見观觀规規视視览覽觉覺触觸誉譽计計订訂认認讥譏讨討让讓训訓议議讯訊记記讲講讳諱许許论論讼訟"
    "设設访訪诀訣证證评評识識诈詐诉訴诊診词詞译譯试試诗詩诚誠话話诞誕询詢该該详詳诧詫诫誡语語误誤诱誘说說请請"
    "诸諸诺諾读讀课課谁誰调調谅諒谈談谊誼谋謀谎謊谐諧谓謂谜謎谢謝谣謠谦謙谨謹谱譜贝貝负負贡貢财財责責贤賢败敗"
    "货貨质質贩販贪貪贫貧购購贯貫贱賤贴貼贵貴贷貸贸貿费費贺賀贼賊贾賈资資赋賦赌賭赏賞赔賠赖賴赚賺赛賽赞贊赠贈"
    "赢贏赵趙赶趕趋趨跃躍践踐踪蹤车車轨軌轩軒转轉轮輪软軟轰轟轻輕载載轿轎较較辅輔辆輛辈輩辉輝辑輯输輸辞辭辩辯"
    "边邊辽遼达達迁遷过過迈邁运運还還这這进進远遠违違连連迟遲适適选選逊遜递遞逻邏遗遺邓鄧邮郵邻鄰郑鄭酝醞酱醬"
    "酿釀释釋针針钉釘钓釣钙鈣钢鋼钥鑰钦欽钩鉤钮鈕钱錢钻鑽铁鐵铃鈴铅鉛铜銅铝鋁银銀铸鑄铺鋪链鏈销銷锁鎖锅鍋锈鏽"
    "锋鋒锐銳错錯锡錫锣鑼锤錘锦錦键鍵锯鋸锻鍛镇鎮镜鏡长長门門闪閃闭閉问問闯闖闲閑间間闷悶闸閘闹鬧闻聞阀閥阁閣"
    "阅閱阔闊队隊阳陽阴陰阵陣阶階际際陆陸陈陳陕陝险險随隨隐隱难難雏雛雾霧静靜韩韓页頁顶頂项項顺順须須顾顧顿頓"
    "颁頒颂頌预預领領频頻颗顆题題颜顏额額颠顛颤顫风風飘飄飞飛饥飢饭飯饮飲饰飾饱飽饲飼饶饒饺餃饼餅饿餓馆館馈饋"
    "马馬驰馳驱驅驳駁驴驢驶駛驻駐驾駕骂罵骄驕骆駱骑騎骗騙骚騷骤驟鱼魚鲁魯鲜鮮鲤鯉鲸鯨鸟鳥鸡鷄鸣鳴鸥鷗鸦鴉鸭鴨"
    "鸿鴻鸽鴿鹅鵝鹏鵬鹤鶴鹰鷹麦麥黄黃齐齊齿齒龄齡龙龍")
SCRIPT_PAIRS = [(_PAIRS[i], _PAIRS[i + 1]) for i in range(0, len(_PAIRS), 2)]


@functools.lru_cache(None)
def common_han():
    """The characters of GB 2312 level 1 that share their class with no other of them."""
    chars = [bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xD8)
             for cell in range(0xA1, 0xFA if row == 0xD7 else 0xFF)]
    members = {}
    for char in chars:
        members.setdefault(fold(char), []).append(char)
    return [char for char in chars if len(members[fold(char)]) == 1]


# ------------------------------------------------------------------- comparison with the product, by itself

def _classes_of_product(chars, directory):
    """The product's partition of `chars`: one report a character, one query a character."""
    import harness
    index = harness.build_reports(directory, [{"id": "%06X" % ord(c), "text": c} for c in chars])
    classes = {}
    answers = harness.batch_json(index, chars, "-F", "-n", "1000", "--no-collapse")
    for char, (hits, _) in zip(chars, answers):
        classes[char] = frozenset(chr(int(hit["report"], 16)) for hit in hits)
    return classes


def compare_classes(directory):
    """Print every Han character whose class differs; return the number of classes that do."""
    chars = all_han()
    ours = {}
    for char in chars:
        ours.setdefault(fold(char), set()).add(char)
    ours = {char: frozenset(ours[fold(char)]) for char in chars}
    theirs = _classes_of_product(chars, directory)
    differing = sorted({tuple("".join(sorted(part[char])) for part in (ours, theirs))
                        for char in chars if ours[char] != theirs[char]})
    for one, other in differing:
        print("class of the oracle %s, of the product %s" % (one, other))
    print("%d Han characters, %d classes differ" % (len(chars), len(differing)))
    return len(differing)


def compare_code_points(directory):
    """Every assigned code point, between Han, letters and digits: its class and, but for Han, its folding."""
    import harness
    chars = [chr(code) for code in range(1, 0x110000)
             if chr(code) != "\n" and unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]
    probes = ["甲乙", "abcd", "12345", "12", "345", "ab", "cd", "345;"]
    wrong = 0
    for first in range(0, len(chars), 5000):
        part = chars[first:first + 5000]
        texts = [("%06X" % ord(char), "甲%s乙;ab%scd;12%s345" % (char, char, char)) for char in part]
        texts += [("%06X folded" % ord(char), "甲%s乙" % fold(char)) for char in part]
        index = harness.build_reports("%s-%06d" % (directory, first), [{"id": name, "text": text}
                                                                       for name, text in texts])
        corpus = Corpus((name, trim(clean(text))) for name, text in texts)
        answers = harness.batch_json(index, probes, "-F", "-n", "100000", "--no-collapse")
        for probe, (hits, _) in zip(probes, answers):
            expected = {corpus.passages[n][0] for n in corpus.per_passage(probe)}
            for name in sorted(expected ^ {hit["report"] for hit in hits}):
                wrong += 1
                print("%s: %s: the %s finds %r in the text of this character, the other does not" % (
                    name, _described(name), "oracle" if name in expected else "product", probe))
        queries = ["甲%s乙" % char for char in part if not has_script(char, "Han")]
        for query, line in zip(queries, harness.batch_counts(index, queries, "-F")):
            expected = harness.count_line(corpus.count(query))
            if line != expected:
                wrong += 1
                name = "%06X" % ord(query[1])
                print("%s: %s: count of %r is %r, oracle %r" % (name, _described(name), query, line, expected))
    print("%d code points, %d differences" % (len(chars), wrong))
    return wrong


def _described(name):
    char = chr(int(name.split()[0], 16))
    return "%s, %s" % (unicodedata.name(char, "?"), unicodedata.category(char))


def main(arguments):
    if arguments[:1] == ["--units"] and len(arguments) == 2:
        for unit in units(arguments[1]):
            print("%-5s %r [%d,%d)" % unit)
        return 0
    if arguments == ["--classes"]:
        sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
        import harness
        try:
            with harness.temp_dir() as directory:
                wrong = compare_classes(os.path.join(directory, "han"))
                wrong += compare_code_points(os.path.join(directory, "all"))
        except unittest.SkipTest as reason:
            print("skipped: %s" % reason)
            return 0
        return 1 if wrong else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
