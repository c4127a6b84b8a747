"""Query logs made from the passages of a corpus by a seed, and how many passages hold each query."""

import collections
import json
import random
import re

LENGTHS = (2, 3, 4, 6, 10)
COMMON = 300  # the most frequent of a length are its common phrases
BANDS = ("rare", "medium", "common")
RARE, MEDIUM = range(1, 6), range(20, 201)  # passages that hold a phrase
WORD_LENGTHS = (2, 3, 4)
DRAWS = 20000    # places of the text at which phrases of a length are looked for
SAMPLE = 2000000  # characters that tell which phrases may be common
CANDIDATES = 5 * COMMON
FREQUENT = 300    # characters that misses are made of
QUESTION = range(8, 25)
PATTERNS = ("什么是%s", "%s如何规定", "%s有哪些", "%s应当怎么办", "如何理解%s", "%s由谁负责")
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
WORDS = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+|[0-9A-Za-z]+")
# What phrases run across in xunju (SOFT in docs/TEXT.md), most of it.
SOFT = dict.fromkeys(map(ord, "\t \u00a0\u2002\u2003\u3000\"'“”„‟‘’‚‛〝〞〟＂＇「」『』《》〈〉【】«»‹›·・‧•･\ufeff\u200b\u00ad"))

# group: row of the result. truth: passages that hold it as it is written; loose: the same in a text without SOFT characters.
Query = collections.namedtuple("Query", "group kind text truth loose")


def bigrams(text):
    """The terms of free text, each once: bigrams of Han characters, words in lower case."""
    terms = []
    for run in WORDS.findall(text):
        if HAN.match(run) and len(run) > 1:
            terms += [run[i:i + 2] for i in range(len(run) - 1)]
        else:
            terms.append(run.lower())
    return list(dict.fromkeys(terms))


def words_of(kind, text):
    return text.split(" ") if kind in ("and", "or") else bigrams(text) if kind == "question" else [text]


def read_passages(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line)["text"] for line in f]


def holders(passages, wanted):
    """For each wanted string the numbers of the passages that hold it; passages are pairs of number and text."""
    held = {gram: [] for gram in wanted}
    by_length = collections.defaultdict(set)
    for gram in wanted:
        by_length[len(gram)].add(gram)
    for number, text in passages:
        for n, grams in by_length.items():
            for gram in grams.intersection([text[i:i + n] for i in range(len(text) - n + 1)]):
                held[gram].append(number)
    return held


def frequent(texts, n, most):
    """Strings of n Han characters that a sample of the texts holds most often."""
    step = max(1, sum(map(len, texts)) // SAMPLE)
    counts = collections.Counter()
    for text in texts[::step]:
        counts.update({run[i:i + n] for run in HAN.findall(text) for i in range(len(run) - n + 1)})
    return [gram for gram, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]]


def draw_phrases(chance, texts, each):
    """Phrases by group, and the pool that words are taken from."""
    joined = "\n".join(texts)
    drawn = {}
    for n in LENGTHS:
        places = [chance.randrange(max(1, len(joined) - n)) for _ in range(DRAWS)]
        drawn[n] = [gram for gram in (joined[at:at + n] for at in places) if len(gram) == n and HAN.fullmatch(gram)]
    top = {n: frequent(texts, n, CANDIDATES) for n in LENGTHS}
    held = holders(enumerate(texts), set().union(*drawn.values(), *top.values()))
    counts = {gram: len(passages) for gram, passages in held.items()}
    groups, pool = {}, []
    for n in LENGTHS:
        grams = sorted(set(drawn[n]) | set(top[n]))
        bands = {"rare": [g for g in grams if counts[g] in RARE], "medium": [g for g in grams if counts[g] in MEDIUM],
                 "common": sorted(grams, key=lambda g: (-counts[g], g))[:COMMON]}
        for band in BANDS:
            groups["%d characters, %s" % (n, band)] = chance.sample(bands[band], min(each, len(bands[band])))
        if n in WORD_LENGTHS:
            pool += chance.sample(bands["medium"], min(COMMON, len(bands["medium"]))) + bands["common"]
    return groups, sorted(set(pool))


def draw_words(chance, texts, pool, each):
    """Words that stand together in a passage, which are asked for with AND, and words from anywhere."""
    together = []
    known = set(pool)
    for _ in range(each * 100):
        text = chance.choice(texts)
        here = sorted({text[i:i + n] for n in WORD_LENGTHS for i in range(len(text) - n + 1)} & known)
        n = chance.randint(2, 5)
        if len(here) >= n and len(together) < each:
            together.append(" ".join(chance.sample(here, n)))
    return together, [" ".join(chance.sample(pool, min(len(pool), chance.randint(2, 5)))) for _ in range(each if pool else 0)]


def draw_questions(chance, texts, each):
    """Clauses of the text, made to look like questions."""
    questions = []
    for _ in range(each * 100):
        clauses = HAN.findall(chance.choice(texts))
        question = chance.choice(PATTERNS) % chance.choice(clauses)[:chance.randint(6, 18)] if clauses else ""
        if len(question) in QUESTION and len(questions) < each:
            questions.append(question)
    return questions


def read_questions(path, chance, each):
    """Questions of a file, one a line or behind an id and a TAB: short ones and long ones."""
    with open(path, encoding="utf-8") as f:
        questions = [line.rstrip("\n").split("\t")[-1].replace(" ", "") for line in f]
    short = [q for q in questions if len(q) in QUESTION]
    long = [q for q in questions if len(q) >= QUESTION.stop]
    return {"question": chance.sample(short, min(each, len(short))),
            "question, longer": chance.sample(long, min(each, len(long)))}


def draw_misses(chance, texts, each):
    characters = frequent(texts, 1, FREQUENT)
    pairs = sorted({chance.choice(characters) + chance.choice(characters) for _ in range(each * 100 if characters else 0)})
    soft = [text.translate(SOFT) for text in texts]
    held = holders(enumerate(soft), pairs)
    pairs = [pair for pair in pairs if not held[pair]]
    return chance.sample(pairs, min(each, len(pairs)))


def make(texts, seed, each, questions=None):
    """The whole log: Query after Query, group after group. questions: a file to take them from."""
    chance = random.Random(seed)
    phrases, pool = draw_phrases(chance, texts, each)
    log = [(group, "phrase", text) for group, grams in phrases.items() for text in grams]
    log += [("miss", "phrase", text) for text in draw_misses(chance, texts, each)]
    together, anywhere = draw_words(chance, texts, pool, each)
    log += [("words, all", "and", text) for text in together] + [("words, any", "or", text) for text in anywhere]
    asked = read_questions(questions, chance, each) if questions else {"question": draw_questions(chance, texts, each)}
    log += [(group, "question", text) for group, lines in asked.items() for text in lines]
    return count(texts, log)


def count(texts, log):
    """Queries with the numbers of passages that hold them."""
    words = [words_of(kind, text) for _, kind, text in log]
    words_loose = [words_of(kind, text.translate(SOFT) if kind == "question" else text) for _, kind, text in log]
    wanted = {word for of_query in words + words_loose for word in of_query}
    strict = {word: set(passages) for word, passages in holders(enumerate(texts), wanted).items()}
    changed = [(i, soft) for i, soft in ((i, text.translate(SOFT)) for i, text in enumerate(texts)) if soft != texts[i]]
    loose = {word: strict[word] | set(passages) for word, passages in holders(changed, wanted).items()}
    queries = []
    for (group, kind, text), written, folded in zip(log, words, words_loose):
        join = set.intersection if kind == "and" else set.union
        queries.append(Query(group, kind, text, len(join(*(strict[w] for w in written))), len(join(*(loose[w] for w in folded)))))
    return queries


def write(path, queries):
    with open(path, "w", encoding="utf-8") as f:
        f.write("".join("%s\t%s\t%s\t%d\t%d\n" % query for query in queries))


def read(path):
    with open(path, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    return [Query(group, kind, text, int(truth), int(loose)) for group, kind, text, truth, loose in rows]


def groups(queries):
    """Queries by group, in the order of the log."""
    by_group = collections.defaultdict(list)
    for query in queries:
        by_group[query.group].append(query)
    return by_group
