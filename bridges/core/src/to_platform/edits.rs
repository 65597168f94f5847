//! Edits of what was said in the room, and of the words that stand with a file.

use bridge_api::{Content, Edit, MessageId, RichText, Sent};
use ruma::EventId;
use serde_json::Value;

use super::{
    Sending,
    changes::is_over,
    event::{Said, What},
};
use crate::{error::Stuck, tables::SideRow};

/// What stands in a conversation where nothing can be changed: the new words, as a message in answer to the old one.
fn as_edited(content: Content) -> Content {
    let Content::Text(text) = content else { return content };
    let mut blocks = RichText::plain("（编辑 / edited）").blocks;
    blocks.extend(text.blocks);
    Content::Text(RichText { blocks })
}

impl Sending<'_> {
    pub(super) async fn edit(&mut self, target: &EventId, said: &Said, json: &Value) -> Result<(), Stuck> {
        let Some(side) = self.side(target).await? else { return Ok(()) };
        // Who edits words of others changes nothing: clients show no such edit either.
        if self.own(&side).await?.is_none_or(|row| row.sender != self.sender) {
            return Ok(());
        }
        if let What::File { mxc, .. } = &said.what
            && self.is_file_of(target, mxc).await?
        {
            return self.edit_caption(target, &side, said, json).await;
        }
        let content = self.content(said, json).await?;
        let old = side.messages.clone();
        if self.replace(target, &side, &[], old, content.clone()).await? {
            return Ok(());
        }
        let reply_to = side.messages.first().cloned();
        self.say("edited", as_edited(content), reply_to, &side).await?;
        if let Some(words) = said.caption() {
            let content = self.content(&words, json).await?;
            self.say("edited/caption", content, None, &side).await?;
        }
        Ok(())
    }

    /// Whether an event is this file: then an edit of it changes its words alone.
    async fn is_file_of(&self, event: &EventId, mxc: &str) -> Result<bool, Stuck> {
        let event = self.bridges.bot_intent()?.event_of(&self.room, event).await?;
        Ok(event.is_some_and(|event| event["content"]["url"] == mxc))
    }

    /// Other words stand with a file, or none any more.
    async fn edit_caption(
        &mut self,
        target: &EventId,
        side: &SideRow,
        said: &Said,
        json: &Value,
    ) -> Result<(), Stuck> {
        let (file, words) = side.parted();
        let Some(caption) = said.caption() else {
            if !self.take_back(words).await? {
                let sent = Sent { messages: file.to_vec(), thread: side.thread.clone() };
                self.note_side(target, sent, 0);
            }
            return Ok(());
        };
        let content = self.content(&caption, json).await?;
        if !words.is_empty() && self.replace(target, side, file, words.to_vec(), content.clone()).await? {
            return Ok(());
        }
        let (content, reply_to) = match words.first() {
            Some(first) => (as_edited(content), first.clone()),
            None => match file.first() {
                Some(first) => (content, first.clone()),
                None => return Ok(()),
            },
        };
        let sent = self.say("edited", content, Some(reply_to), side).await?;
        if words.is_empty() {
            // Its words from now on.
            let (captions, thread) = (sent.messages.len(), side.thread.clone());
            let messages = [file, &sent.messages].concat();
            self.note_side(target, Sent { messages, thread }, captions);
        }
        Ok(())
    }

    /// Puts content in the place of messages that we sent, behind those that stay. Whether the platform let us.
    async fn replace(
        &mut self,
        target: &EventId,
        side: &SideRow,
        kept: &[MessageId],
        messages: Vec<MessageId>,
        content: Content,
    ) -> Result<bool, Stuck> {
        let Some(edits) = self.seat.connector.edits() else { return Ok(false) };
        let edit = Edit {
            key: self.key("edit")?,
            conversation: self.lane.1.clone(),
            messages,
            speaker: self.speaker().await?,
            content,
        };
        match self.seat.heard(edits.edit(&edit).await) {
            Ok(sent) => {
                let captions = if kept.is_empty() { 0 } else { sent.messages.len() };
                let thread = sent.thread.or_else(|| side.thread.clone());
                let messages = [kept, &sent.messages].concat();
                self.note_side(target, Sent { messages, thread }, captions);
                Ok(true)
            }
            Err(failure) if is_over(&failure) => Ok(false),
            Err(failure) => Err(failure.into()),
        }
    }
}
