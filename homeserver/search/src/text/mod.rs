//! From texts to words: folding, splitting, and Chinese word segmentation.
//!
//! Pure but for the dictionary, which is loaded at the first Chinese text. What is indexed of a text
//! and what a query looks for are two sides of one agreement, tested together in `words`.

mod fold;
mod names;
mod segmenter;
mod tokenizer;
mod words;

pub(crate) use fold::fold;
pub(crate) use names::{name_query, name_words};
pub(crate) use segmenter::Segmenter;
pub(crate) use tokenizer::{TOKENIZER_NAME, WordsTokenizer};
pub(crate) use words::{index_words, query_words};
