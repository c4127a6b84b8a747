// Xapian with its CJK n-grams: a term for every bigram and every character, positions for characters, the text as document
// data, compacted at the end. Phrases are asked as they are cheapest here: all bigrams, then the characters as a phrase;
// Xapian's own query parser takes several times as long. Marks have no position, so phrases match across them.
#include "../peer.h"
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>
#include <xapian.h>

static const char part[] = "/before-compaction";

static void build(const std::string &passages, const std::string &dir)
{
    mkdir(dir.c_str(), 0777);
    {
        Xapian::WritableDatabase db(dir + part, Xapian::DB_CREATE_OR_OVERWRITE | Xapian::DB_BACKEND_GLASS);
        Xapian::TermGenerator generator;
        generator.set_flags(Xapian::TermGenerator::FLAG_CJK_NGRAM);
        peer_passages p;
        peer_passages_open(&p, passages.c_str());
        while (peer_passages_next(&p)) {
            std::string text(p.text, p.len);
            Xapian::Document document;
            document.set_data(text);
            generator.set_document(document);
            generator.index_text(text);
            db.add_document(document); // document ids count up from 1
        }
        peer_passages_close(&p);
        db.commit();
        db.compact(dir + "/index");
    }
    for (const char *name : {"docdata.glass", "iamglass", "position.glass", "postlist.glass", "termlist.glass", "flintlock",
                             "synonym.glass", "spelling.glass"})
        unlink((dir + part + "/" + name).c_str());
    rmdir((dir + part).c_str());
    struct stat st;
    long long bytes = stat((dir + "/index/docdata.glass").c_str(), &st) ? 0 : (long long)st.st_size;
    printf("{\"text_bytes\": %lld}\n", bytes);
}

struct Tokens {
    std::vector<std::string> terms, characters;
};

static int take(void *ctx, const char *term, int len, int, int, int)
{
    Tokens *tokens = static_cast<Tokens *>(ctx);
    tokens->terms.emplace_back(term, len);
    int n;
    const unsigned char *s = reinterpret_cast<const unsigned char *>(term), *end = s + len;
    if (!peer_is_han(peer_utf8(s, end, &n))) {
        tokens->characters.emplace_back(term, len);
    } else {
        if (tokens->characters.empty() || n == len) // the first bigram of a phrase, or a character that stands alone
            tokens->characters.emplace_back(term, n);
        if (n < len)
            tokens->characters.emplace_back(term + n, len - n);
    }
    return 0;
}

static Xapian::Query phrase(const char *text)
{
    Tokens t;
    peer_tokens(text, (int)strlen(text), take, &t);
    Xapian::Query all(Xapian::Query::OP_AND, t.terms.begin(), t.terms.end());
    if (t.terms.size() <= 1)
        return all;
    return Xapian::Query(Xapian::Query::OP_FILTER, all,
                         Xapian::Query(Xapian::Query::OP_PHRASE, t.characters.begin(), t.characters.end(),
                                       (Xapian::termcount)t.characters.size()));
}

static void answer(const std::string &dir)
{
    Xapian::Database db(dir + "/index");
    static peer_query q;
    while (peer_query_next(&q)) {
        std::vector<Xapian::Query> words;
        for (int i = 0; i < q.n_words; i++)
            words.push_back(phrase(q.words[i]));
        Xapian::Enquire enquire(db);
        Xapian::Query::op how = q.kind == KIND_OR ? Xapian::Query::OP_OR : Xapian::Query::OP_AND;
        enquire.set_query(Xapian::Query(how, words.begin(), words.end()));
        peer_answer a = {};
        if (q.mode == MODE_COUNT) {
            enquire.set_weighting_scheme(Xapian::BoolWeight());
            a.hits = (long)enquire.get_mset(0, 0, db.get_doccount()).get_matches_estimated(); // exact: all were looked at
        } else {
            Xapian::MSet set = enquire.get_mset(0, PEER_TOP);
            for (Xapian::MSetIterator i = set.begin(); i != set.end(); ++i) {
                a.ids[a.n_ids++] = (long)*i - 1;
                a.hits++;
                if (q.mode == MODE_TEXT)
                    a.text_bytes += i.get_document().get_data().size();
            }
        }
        peer_answer_print(&q, &a);
    }
}

int main(int argc, char **argv)
try {
    std::string command = argc > 1 ? argv[1] : "";
    if (argc >= 4 && command == "index")
        build(argv[2], argv[3]);
    else if (argc == 3 && command == "query")
        answer(argv[2]);
    else if (argc == 2 && command == "version")
        printf("Xapian %s\n", Xapian::version_string());
    else
        peer_die("usage: xapian index PASSAGES.jsonl DIR | query DIR | version");
    return 0;
} catch (const Xapian::Error &e) {
    peer_die("%s", e.get_description().c_str());
}
