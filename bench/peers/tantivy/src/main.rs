//! Tantivy with a bigram tokenizer: positions, BM25, the text in a zstd store of 16 KB blocks. One indexing thread, one
//! segment at the end. See ../../peer.h for the contract; the tokens are the same as there.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use tantivy::collector::{Count, TopDocs};
use tantivy::indexer::NoMergePolicy;
use tantivy::query::{BooleanQuery, EmptyQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::*;
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{Index, IndexSettings, IndexWriter, TantivyDocument};

type Failure = Box<dyn std::error::Error>;

const TOP: usize = 10;
const MEMORY: usize = 512 << 20; // of the writer, as much as xunju takes by default
const ZSTD_LEVEL: i32 = 3;

fn is_han(c: char) -> bool {
    matches!(c as u32, 0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x3007 | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn is_letter(c: char) -> bool {
    match c as u32 {
        0xD7 => false,
        0x30..=0x39 | 0x41..=0x5A | 0x61..=0x7A | 0xC0..=0x1FFF | 0x3041..=0x30FF => true,
        0xFF10..=0xFF19 | 0xFF21..=0xFF3A | 0xFF41..=0xFF5A => true,
        _ => false,
    }
}

fn fold(c: char) -> char {
    let narrow = match c as u32 {
        wide @ 0xFF10..=0xFF5A => char::from_u32(wide - 0xFEE0).unwrap(),
        _ => c,
    };
    narrow.to_ascii_lowercase()
}

#[derive(Clone)]
struct Bigrams;

struct Tokens<'a> {
    text: &'a str,
    at: usize,
    place: usize,
    before: Option<usize>, // where the Han character before `at` begins, if it has not stood in a token as a last one
    alone: bool,           // and whether it has not stood in any
    token: Token,
}

impl Tokens<'_> {
    fn set(&mut self, from: usize, to: usize, position: usize) {
        self.token.offset_from = from;
        self.token.offset_to = to;
        self.token.position = position;
    }
}

impl Tokenizer for Bigrams {
    type TokenStream<'a> = Tokens<'a>;
    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens<'a> {
        Tokens { text, at: 0, place: 0, before: None, alone: false, token: Token::default() }
    }
}

impl TokenStream for Tokens<'_> {
    /// `place` counts Han characters, words and marks; it is the place of the character at `at`.
    fn advance(&mut self) -> bool {
        self.token.text.clear();
        loop {
            let text = self.text;
            let next = text[self.at..].chars().next();
            if let Some(c) = next.filter(|c| is_han(*c)) {
                let (from, end) = (self.at, self.at + c.len_utf8());
                let before = self.before.replace(from);
                self.at = end;
                self.place += 1;
                self.alone = before.is_none();
                if let Some(before) = before {
                    self.token.text.push_str(&text[before..end]);
                    self.set(before, end, self.place - 2);
                    return true;
                }
                continue;
            }
            if let Some(before) = self.before.take() {
                if self.alone {
                    self.token.text.push_str(&text[before..self.at]);
                    self.set(before, self.at, self.place - 1);
                    return true;
                }
            }
            match next {
                None => return false,
                Some(c) if is_letter(c) => {
                    let from = self.at;
                    let rest = &text[from..];
                    let len = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
                    self.token.text.extend(rest[..len].chars().map(fold));
                    self.at += len;
                    self.place += 1;
                    self.set(from, from + len, self.place - 1);
                    return true;
                }
                Some(c) => {
                    self.at += c.len_utf8();
                    self.place += 1;
                }
            }
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

fn index(passages: &str, dir: &Path) -> Result<(), Failure> {
    let mut schema = Schema::builder();
    let indexing =
        TextFieldIndexing::default().set_tokenizer("bigrams").set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing).set_stored());
    let id = schema.add_u64_field("id", FAST);
    let settings = IndexSettings {
        docstore_compression: Compressor::Zstd(ZstdCompressor { compression_level: Some(ZSTD_LEVEL) }),
        ..IndexSettings::default()
    };
    fs::create_dir_all(dir)?;
    let index = Index::builder().schema(schema.build()).settings(settings).create_in_dir(dir)?;
    index.tokenizers().register("bigrams", Bigrams);
    let mut writer: IndexWriter = index.writer_with_num_threads(1, MEMORY)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    for line in BufReader::new(fs::File::open(passages)?).lines() {
        let value: serde_json::Value = serde_json::from_str(&line?)?;
        let mut document = TantivyDocument::default();
        document.add_u64(id, value["id"].as_u64().ok_or("no id")?);
        document.add_text(text, value["text"].as_str().ok_or("no text")?);
        writer.add_document(document)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "store") {
            bytes += fs::metadata(path)?.len();
        }
    }
    println!("{{\"text_bytes\": {}, \"segments_before_merge\": {}}}", bytes, segments.len());
    Ok(())
}

/// A phrase of its tokens; of a row of bigrams every second one and the last, which says the same.
fn phrase(field: Field, text: &str) -> Box<dyn Query> {
    let mut tokens = Vec::new();
    let mut tokenizer = Bigrams;
    tokenizer.token_stream(text).process(&mut |t| tokens.push((t.position, t.text.clone())));
    let pair = |i: usize| tokens.get(i).is_some_and(|(_, t)| is_han(t.chars().next().unwrap()) && t.chars().count() == 2);
    let mut kept = Vec::new();
    let mut run = 0; // bigrams since the last gap
    for i in 0..tokens.len() {
        run = if pair(i) && i > 0 && pair(i - 1) && tokens[i].0 == tokens[i - 1].0 + 1 { run + 1 } else { 0 };
        let goes_on = pair(i) && pair(i + 1) && tokens[i + 1].0 == tokens[i].0 + 1;
        if run % 2 == 0 || !goes_on {
            kept.push((tokens[i].0, Term::from_field_text(field, &tokens[i].1)));
        }
    }
    match kept.len() {
        0 => Box::new(EmptyQuery),
        1 => Box::new(TermQuery::new(kept.pop().unwrap().1, IndexRecordOption::WithFreqs)),
        _ => Box::new(PhraseQuery::new_with_offset(kept)),
    }
}

fn clock(which: libc::clockid_t) -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(which, &mut t) };
    t.tv_sec as f64 * 1e6 + t.tv_nsec as f64 / 1e3
}

fn query(dir: &Path) -> Result<(), Failure> {
    let index = Index::open_in_dir(dir)?;
    index.tokenizers().register("bigrams", Bigrams);
    let field = index.schema().get_field("text")?;
    let searcher = index.reader()?.searcher();
    let ids: Vec<_> = searcher.segment_readers().iter().map(|s| s.fast_fields().u64("id")).collect::<Result<_, _>>()?;
    let out = io::stdout();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (wall, cpu) = (clock(libc::CLOCK_MONOTONIC), clock(libc::CLOCK_PROCESS_CPUTIME_ID));
        let mut parts = line.splitn(3, '\t');
        let (mode, kind, text) = match (parts.next(), parts.next(), parts.next()) {
            (Some(m), Some(k), Some(t)) => (m, k, t),
            _ => return Err(format!("not a query: {line}").into()),
        };
        let query: Box<dyn Query> = if kind == "phrase" {
            phrase(field, text)
        } else {
            let occur = if kind == "and" { Occur::Must } else { Occur::Should };
            Box::new(BooleanQuery::new(text.split(' ').filter(|w| !w.is_empty()).map(|w| (occur, phrase(field, w))).collect()))
        };
        let (mut bytes, mut shown) = (0, Vec::new());
        let hits = if mode == "count" {
            searcher.search(&query, &Count)?
        } else {
            let top = searcher.search(&query, &TopDocs::with_limit(TOP).order_by_score())?;
            for (_, address) in &top {
                shown.push(ids[address.segment_ord as usize].first(address.doc_id).ok_or("no id")?.to_string());
                if mode == "text" {
                    let document: TantivyDocument = searcher.doc(*address)?;
                    bytes += document.get_first(field).and_then(|v| v.as_str()).map_or(0, str::len);
                }
            }
            top.len()
        };
        let (cpu, wall) = (clock(libc::CLOCK_PROCESS_CPUTIME_ID) - cpu, clock(libc::CLOCK_MONOTONIC) - wall);
        writeln!(out.lock(), "{cpu:.1}\t{wall:.1}\t{hits}\t{}\t{bytes}", shown.join(","))?;
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[1..] {
        ["index", passages, dir, ..] => index(passages, Path::new(dir)),
        ["query", dir] => query(Path::new(dir)),
        ["version"] => Ok(println!("{}", tantivy::version_string())),
        _ => Err("usage: tantivy-bench index PASSAGES.jsonl DIR | query DIR | version".into()),
    }
}
