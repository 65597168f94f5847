//! Our words as the index library wants them.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::{Segmenter, index_words};

/// The name in the schema. Whoever changes which words come out raises the schema number.
pub(crate) const TOKENIZER_NAME: &str = "words";

/// Cuts texts for the index; runs on the index writer's own thread.
#[derive(Clone)]
pub(crate) struct WordsTokenizer(pub(crate) Segmenter);

/// The words of one text.
pub(crate) struct Words {
    words: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for WordsTokenizer {
    type TokenStream<'a> = Words;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Words {
        Words { words: index_words(&self.0, text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for Words {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text = word;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
