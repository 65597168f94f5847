//! Events that the address of an app did not take however often they were posted. The app asks for them, each once.

use serde_json::{Value, json};

use super::{Push, State, Told};
use crate::limits::RECORDS_MAX;

/// An event that was given up.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    app: String,
    tag: &'static str,
    at_ms: u64,
    data: Value,
}

impl State {
    /// Keeps an event after its last post; the oldest goes where there are too many.
    pub(crate) fn give_up(&mut self, push: &Push, data: &Value) {
        let Told::Event(tag, _) = push.what else { return };
        if self.failed.len() >= RECORDS_MAX {
            self.failed.pop_front();
        }
        let (app, at_ms, data) = (push.app.clone(), push.born_ms, data.clone());
        self.failed.push_back(Failed { app, tag, at_ms, data });
    }

    /// Takes the oldest events of an app that were given up, and whether there are more. They are told once.
    pub(crate) fn take_failed(&mut self, app: &str, count_max: usize) -> (Vec<Value>, bool) {
        let (mut taken, mut has_more) = (Vec::new(), false);
        self.failed.retain(|failed| {
            if failed.app != app {
                return true;
            }
            if taken.len() >= count_max {
                has_more = true;
                return true;
            }
            let mut line = json!({ "call_back_tag": failed.tag, "event_time": failed.at_ms });
            line[failed.tag] = failed.data.clone();
            taken.push(line);
            false
        });
        (taken, has_more)
    }
}
