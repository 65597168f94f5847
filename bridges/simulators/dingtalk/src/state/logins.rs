//! People who sign in elsewhere with their account here: codes that count once, tokens in their name, and what renews them.

use super::State;
use crate::limits::RECORDS_MAX;

/// How long a code counts, in milliseconds.
const CODE_LIFE_MS: u64 = 5 * 60_000;
/// How long a token of a person counts, in seconds.
pub(crate) const TOKEN_LIFE_S: u64 = 7_200;
/// How long a token of a person may be renewed, in milliseconds.
const RENEWAL_LIFE_MS: u64 = 30 * 86_400_000;

/// What a pass is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The page gave it to a browser: it is changed for a token, once.
    PageCode,
    /// The client gave it to a page inside of it: it tells who looks at the page, once.
    ClientCode,
    /// A token in the name of a person.
    Token,
    /// It is changed for a token and a renewal, once.
    Renewal,
}

impl Kind {
    const fn life_ms(self) -> u64 {
        match self {
            Self::PageCode | Self::ClientCode => CODE_LIFE_MS,
            Self::Token => TOKEN_LIFE_S * 1_000,
            Self::Renewal => RENEWAL_LIFE_MS,
        }
    }
}

/// What a person let an app know.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) kind: Kind,
    pub(crate) app: String,
    /// The userId.
    pub(crate) person: String,
    /// Whether the app is told of which organisation they are.
    pub(crate) tells_corp: bool,
    pub(crate) until_ms: u64,
}

impl State {
    /// A pass for an app in the name of a person. One that is over goes for each that is too many.
    pub(crate) fn issue(&mut self, kind: Kind, app: &str, person: &str, tells_corp: bool) -> String {
        let now = self.stage.now_ms();
        if self.passes.len() >= RECORDS_MAX {
            let oldest = self.passes.iter().min_by_key(|(_, pass)| pass.until_ms);
            if let Some(text) = oldest.map(|(text, _)| text.clone()) {
                self.passes.remove(&text);
            }
        }
        let (app, person, until_ms) = (app.to_owned(), person.to_owned(), now + kind.life_ms());
        let text = self.stage.chance.id("", 32);
        self.passes.insert(text.clone(), Pass { kind, app, person, tells_corp, until_ms });
        text
    }

    /// Takes a pass that counts once; nothing where it does not count, or not for this app.
    pub(crate) fn redeem(&mut self, kind: Kind, app: &str, text: &str) -> Option<Pass> {
        let now = self.stage.now_ms();
        let counts = |pass: &&Pass| pass.kind == kind && pass.app == app && pass.until_ms > now;
        self.passes.get(text).filter(counts)?;
        self.passes.remove(text)
    }
}
