// Lucene with its CJKAnalyzer: bigrams with positions, BM25, text stored by the default codec, or by its
// BEST_COMPRESSION mode with the variant "best". One thread; one segment at the end. See ../peer.h for the contract.
// Compiled against Lucene 9 and run with 9 or 10: only what both have is used.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Collections;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LogByteSizeMergePolicy;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.NGramPhraseQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.QueryBuilder;
import org.apache.lucene.util.Version;

public class Lucene {
    static final int TOP = 10;
    static final double RAM_BUFFER_MB = 256;

    static String unescape(String line) {
        int at = line.indexOf('"', line.indexOf("\"text\":") + 7) + 1;
        StringBuilder out = new StringBuilder(line.length() - at);
        for (;; at++) {
            char c = line.charAt(at);
            if (c == '"') {
                return out.toString();
            }
            if (c != '\\') {
                out.append(c);
                continue;
            }
            c = line.charAt(++at);
            switch (c) {
                case 'n': out.append('\n'); break;
                case 't': out.append('\t'); break;
                case 'r': out.append('\r'); break;
                case 'b': out.append('\b'); break;
                case 'f': out.append('\f'); break;
                case 'u':
                    out.append((char) Integer.parseInt(line.substring(at + 1, at + 5), 16));
                    at += 4;
                    break;
                default: out.append(c);
            }
        }
    }

    /** The default codec in its BEST_COMPRESSION mode; the class of the codec has the version in its name. */
    static Codec bestCompression() throws ReflectiveOperationException {
        Class<?> codec = Codec.getDefault().getClass();
        for (Class<?> mode : codec.getDeclaredClasses()) {
            if (mode.isEnum()) {
                for (Object value : mode.getEnumConstants()) {
                    if (value.toString().equals("BEST_COMPRESSION")) {
                        return (Codec) codec.getConstructor(mode).newInstance(value);
                    }
                }
            }
        }
        throw new ReflectiveOperationException("no BEST_COMPRESSION in " + codec);
    }

    static void index(String passages, Path dir, boolean best) throws Exception {
        LogByteSizeMergePolicy merges = new LogByteSizeMergePolicy(); // keeps the order, so that doc ids are passage ids
        merges.setNoCFSRatio(0);
        IndexWriterConfig config = new IndexWriterConfig(new CJKAnalyzer());
        config.setRAMBufferSizeMB(RAM_BUFFER_MB);
        config.setUseCompoundFile(false); // so that the bytes of each kind can be told
        config.setMergePolicy(merges);
        config.setMergeScheduler(new SerialMergeScheduler());
        if (best) {
            config.setCodec(bestCompression());
        }
        double mergeSeconds;
        try (FSDirectory directory = FSDirectory.open(dir); IndexWriter writer = new IndexWriter(directory, config);
             BufferedReader in = Files.newBufferedReader(Paths.get(passages), StandardCharsets.UTF_8)) {
            TextField field = new TextField("text", "", Field.Store.YES);
            Document document = new Document();
            document.add(field);
            for (String line; (line = in.readLine()) != null;) {
                field.setStringValue(unescape(line));
                writer.addDocument(document);
            }
            writer.flush();
            long before = System.nanoTime();
            writer.forceMerge(1);
            mergeSeconds = (System.nanoTime() - before) / 1e9;
            writer.commit();
        }
        long text = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(dir, "*.fd[tmx]")) {
            for (Path file : files) {
                text += Files.size(file);
            }
        }
        System.out.printf("{\"text_bytes\": %d, \"merge_wall_seconds\": %.3f}%n", text, mergeSeconds);
    }

    static boolean isHan(String s) {
        return s.codePoints().allMatch(c -> Character.UnicodeScript.of(c) == Character.UnicodeScript.HAN);
    }

    /** A phrase of bigrams; Lucene's own NGramPhraseQuery then leaves out every second one of a long phrase. */
    static Query phrase(QueryBuilder builder, String text) {
        Query query = builder.createPhraseQuery("text", text);
        if (query instanceof PhraseQuery && isHan(text)) {
            return new NGramPhraseQuery(2, (PhraseQuery) query);
        }
        return query == null ? new MatchNoDocsQuery() : query;
    }

    static void query(Path dir) throws Exception {
        ThreadMXBean thread = ManagementFactory.getThreadMXBean();
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        QueryBuilder builder = new QueryBuilder(new CJKAnalyzer());
        try (DirectoryReader reader = DirectoryReader.open(FSDirectory.open(dir));
             BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            IndexSearcher searcher = new IndexSearcher(reader);
            searcher.setQueryCache(null); // a repeated query has to be answered again
            for (String line; (line = in.readLine()) != null;) {
                String[] parts = line.split("\t", 3);
                long wall = System.nanoTime(), cpu = thread.getCurrentThreadCpuTime();
                Query query;
                if (parts[1].equals("phrase")) {
                    query = phrase(builder, parts[2]);
                } else {
                    BooleanClause.Occur occur = parts[1].equals("and") ? BooleanClause.Occur.MUST : BooleanClause.Occur.SHOULD;
                    BooleanQuery.Builder all = new BooleanQuery.Builder();
                    for (String word : parts[2].split(" ")) {
                        all.add(phrase(builder, word), occur);
                    }
                    query = all.build();
                }
                long hits;
                long bytes = 0;
                StringBuilder ids = new StringBuilder();
                if (parts[0].equals("count")) {
                    hits = searcher.count(query);
                } else {
                    // No total is asked for, so hits that cannot be among the ten may be skipped from the start.
                    ScoreDoc[] docs = searcher.search(query, new TopScoreDocCollectorManager(TOP, 1)).scoreDocs;
                    hits = docs.length;
                    StoredFields stored = parts[0].equals("text") ? searcher.storedFields() : null;
                    for (ScoreDoc doc : docs) {
                        ids.append(ids.length() > 0 ? "," : "").append(doc.doc);
                        if (stored != null) {
                            bytes += stored.document(doc.doc, Collections.singleton("text")).get("text").length();
                        }
                    }
                }
                cpu = thread.getCurrentThreadCpuTime() - cpu;
                wall = System.nanoTime() - wall;
                out.printf("%.1f\t%.1f\t%d\t%s\t%d%n", cpu / 1e3, wall / 1e3, hits, ids, bytes);
                out.flush();
            }
        }
    }

    public static void main(String[] args) throws Exception {
        if (args.length >= 3 && args[0].equals("index")) {
            index(args[1], Paths.get(args[2]), args.length > 3 && args[3].equals("best"));
        } else if (args.length == 2 && args[0].equals("query")) {
            query(Paths.get(args[1]));
        } else if (args.length == 1 && args[0].equals("version")) {
            System.out.println("Lucene " + Version.LATEST + " on Java " + System.getProperty("java.version"));
        } else {
            System.err.println("usage: Lucene index PASSAGES.jsonl DIR [best] | query DIR | version");
            System.exit(2);
        }
    }
}
