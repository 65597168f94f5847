//! Pressed buttons: what was pressed, by whom, and by what the card can be changed once.

use std::collections::BTreeMap;

use bridge_api::{Arrival, Failure, Happened, Pressed, limits::FORM_VALUE_CHARACTERS_MAX, message_of_ours};

use crate::{
    incoming::Incoming,
    limits::{ADDRESS_BYTES_MAX, CODE_KEPT_MS},
    received::Press,
    sending::{CardRow, code_key},
};

impl Incoming {
    /// What a press says, with the values that the button had when its card was sent.
    ///
    /// # Errors
    /// When it cannot be understood before something works again.
    pub async fn press(
        &self,
        press: Press,
        handle: Option<&str>,
        proof: &str,
    ) -> Result<Option<Arrival>, Failure> {
        let Ok(message) = message_of_ours(&format!("card:{}", press.task)) else {
            tracing::warn!(trace = proof, "leave out a press on a card that can be none of ours");
            return Ok(None);
        };
        if let Some(handle) = handle {
            self.memory.pressed(&press.task, handle);
        }
        if let Some(code) = press.code.as_ref().filter(|code| is_kept(code, proof)) {
            // Good for one change; each press brings a fresh one.
            self.shelf.put(&code_key(&press.task), code.as_bytes(), CODE_KEPT_MS).await?;
        }
        let row = CardRow::read(self.shelf.as_ref(), &press.task).await?;
        let button =
            press.button.parse::<usize>().ok().and_then(|index| row.as_ref()?.buttons.get(index).cloned());
        let (action, mut values) = match button {
            Some(button) => (button.action, button.values),
            None => (press.button, BTreeMap::new()),
        };
        let short = |text: String| text.chars().take(FORM_VALUE_CHARACTERS_MAX).collect::<String>();
        values.extend(press.chosen.into_iter().map(|(name, value)| (short(name), short(value))));
        let by = self.people.plain(&press.by).await?;
        let what = Happened::Pressed(Pressed { message, by, action, values, proof: proof.to_owned() });
        let (conversation, trace) = (press.conversation, Some(press.task));
        Ok(Some(Arrival { key: press.key, conversation, at_ms: press.at_ms, trace, what }))
    }
}

/// Whether an address, or a code, is short enough to be kept; `trace` names what it came with.
pub fn is_kept(text: &str, trace: &str) -> bool {
    let fits = text.len() <= ADDRESS_BYTES_MAX;
    if !fits {
        tracing::warn!(trace, bytes = text.len(), "leave out an address or a code beyond its bounds");
    }
    fits
}
