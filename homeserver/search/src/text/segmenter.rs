//! The dictionary of Chinese words, in memory only while it is used.

use std::sync::{Arc, Weak};

use jieba_rs::Jieba;
use parking_lot::Mutex;

/// The one dictionary of the process, while anybody holds it: it never changes, so servers may share it.
static SHARED: Mutex<Weak<Jieba>> = Mutex::new(Weak::new());

/// Hands out the dictionary. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Segmenter(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    dictionary: Option<Arc<Jieba>>,
    used: bool,
}

impl Segmenter {
    /// The dictionary; the first call after a while takes a fifth of a second to unpack it.
    pub(crate) fn dictionary(&self) -> Arc<Jieba> {
        let mut slot = self.0.lock();
        slot.used = true;
        Arc::clone(slot.dictionary.get_or_insert_with(shared))
    }

    /// Drops the dictionary if nobody used it since the last call.
    pub(crate) fn release_if_unused(&self) {
        let mut slot = self.0.lock();
        if !std::mem::take(&mut slot.used) && slot.dictionary.take().is_some() {
            tracing::debug!("released the dictionary of Chinese words");
        }
    }

    #[cfg(test)]
    fn is_loaded(&self) -> bool {
        self.0.lock().dictionary.is_some()
    }
}

/// The dictionary that somebody holds, or a new one.
fn shared() -> Arc<Jieba> {
    let mut held = SHARED.lock();
    held.upgrade().unwrap_or_else(|| {
        let dictionary = Arc::new(Jieba::new());
        *held = Arc::downgrade(&dictionary);
        dictionary
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dictionary_is_loaded_when_needed_and_dropped_when_unused() {
        let segmenter = Segmenter::default();
        segmenter.release_if_unused();
        assert!(!segmenter.is_loaded());
        assert!(segmenter.dictionary().has_word("北京"));
        segmenter.release_if_unused();
        assert!(segmenter.is_loaded());
        segmenter.release_if_unused();
        assert!(!segmenter.is_loaded());
    }
}
