//! Something new: words, files, places.

use std::{cell::RefCell, collections::HashMap};

use bridge_api::{Block, Content, Inline, Outgoing, PersonId, RichText, Sent, Speaker, ThreadId};
use ruma::{EventId, OwnedUserId};
use serde_json::Value;

use super::{
    Sending,
    event::{Said, What},
};
use crate::{
    error::Stuck,
    html::read,
    limits::MENTIONS_MAX,
    names::{is_ghost, modest, tamed},
    power::Power,
    tables::{MESSAGES, MessageRow, SIDES, SideRow},
};

impl Sending<'_> {
    pub(super) async fn said(&mut self, said: &Said, json: &Value) -> Result<(), Stuck> {
        let content = self.content(said, json).await?;
        let content = self.bridges.marked_as_mailed(&self.event, content).await?;
        let root = match &said.thread {
            Some(root) => self.side(root).await?,
            None => None,
        };
        let reply_to = match &said.reply_to {
            Some(target) => self.side(target).await?.and_then(|side| side.messages.first().cloned()),
            None => None,
        };
        // A topic that the platform does not know yet begins at the root's own message.
        let thread = root.and_then(|side| {
            let at_root = || side.messages.first().and_then(|root| ThreadId::new(root.as_str()).ok());
            side.thread.clone().or_else(at_root)
        });
        let outgoing = Outgoing {
            key: self.key("new")?,
            conversation: self.lane.1.clone(),
            speaker: self.speaker().await?,
            content,
            reply_to,
            thread,
        };
        let sent = self.seat.heard(self.seat.connector.send(&outgoing).await)?;
        match said.caption() {
            Some(words) => self.words_behind(&words, json, outgoing, sent).await,
            None => {
                self.note(&sent);
                Ok(())
            }
        }
    }

    /// Platforms have no words in a file: they come right behind it.
    async fn words_behind(
        &mut self,
        words: &Said,
        json: &Value,
        file: Outgoing,
        mut sent: Sent,
    ) -> Result<(), Stuck> {
        let (key, content) = (self.key("caption")?, self.content(words, json).await?);
        let thread = sent.thread.clone().or_else(|| file.thread.clone());
        let outgoing = Outgoing { key, content, reply_to: None, thread, ..file };
        match self.seat.heard(self.seat.connector.send(&outgoing).await).map_err(Stuck::from) {
            Ok(behind) => {
                let captions = behind.messages.len();
                sent.messages.extend(behind.messages);
                self.note_side(&self.event.clone(), sent, captions);
            }
            // The file is there, so it stays known.
            Err(Stuck::Never(reason, refusal)) => {
                self.note(&sent);
                self.undelivered(&reason, refusal.as_ref());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Notes what the event became.
    pub(super) fn note(&mut self, sent: &Sent) {
        self.note_side(&self.event.clone(), sent.clone(), 0);
    }

    /// Notes what an event is in the conversation; the last messages are the words of a file, so many of them.
    pub(super) fn note_side(&mut self, event: &EventId, sent: Sent, captions: usize) {
        self.has_arrived = true;
        let (network, conversation) = (self.lane.0.key(), self.lane.1.as_str());
        for message in &sent.messages {
            let row = MessageRow {
                conversation: conversation.to_owned(),
                room: self.room.clone(),
                events: vec![event.to_owned()],
                sender: self.sender.clone(),
                is_ours: true,
            };
            self.batch.put(&MESSAGES, &(network, message.as_str()), &row);
            self.bridges.keep(&mut self.batch, network, message);
        }
        let side = SideRow { messages: sent.messages, thread: sent.thread, captions };
        self.batch.put(&SIDES, &(event, network, conversation), &side);
    }

    /// Whose words these are.
    pub(super) async fn speaker(&self) -> Result<Speaker, Stuck> {
        let intent = self.bridges.bot_intent()?;
        let member = intent.state(&self.room, "m.room.member", self.sender.as_str()).await?;
        let name = member.as_ref().and_then(|member| member["displayname"].as_str()).map(modest);
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| self.sender.localpart().to_owned());
        // Where people come from is said by the bridge alone, so it is put back behind the names of its own accounts.
        let name = match is_ghost(&self.sender, &self.bridges.0.server_name) {
            true => {
                member.and_then(|member| Some(member["displayname"].as_str()?.to_owned())).unwrap_or(name)
            }
            false => name,
        };
        let person = self.bridges.colleague_of(self.lane.0, &self.sender).await?;
        Ok(Speaker { name, person })
    }

    pub(super) async fn content(&mut self, said: &Said, json: &Value) -> Result<Content, Stuck> {
        match &said.what {
            What::Words { body, html, emote } => {
                let mut text = match html {
                    Some(html) => self.rich(html).await?,
                    None => RichText::plain(body),
                };
                self.address(&mut text, said).await?;
                if *emote {
                    lead(&mut text, vec![Inline::text("* ")]);
                }
                if said.everybody && self.may_address_everybody().await? {
                    lead(&mut text, vec![Inline::Everybody, Inline::text(" ")]);
                }
                Ok(Content::Text(text.tamed()))
            }
            What::Place { name, latitude, longitude } => {
                Ok(Content::Location { name: tamed(name), latitude: *latitude, longitude: *longitude })
            }
            What::File { .. } => self.file(&said.what, json).await,
        }
    }

    /// HTML with the people of this platform as its mentions.
    async fn rich(&self, html: &str) -> Result<RichText, Stuck> {
        let users = RefCell::new(Vec::new());
        read(html, &|user| {
            users.borrow_mut().push(user.to_owned());
            (None, None)
        });
        let mut people: HashMap<OwnedUserId, PersonId> = HashMap::new();
        for user in users.into_inner().into_iter().take(MENTIONS_MAX) {
            if let Some(person) = self.bridges.person_behind(self.lane.0, &user).await? {
                people.insert(user, person);
            }
        }
        Ok(read(html, &|user| (people.get(user).cloned(), None)))
    }

    async fn may_address_everybody(&self) -> Result<bool, Stuck> {
        Ok(Power::read(&self.bridges.bot_intent()?, &self.room).await?.may_address_everybody(&self.sender))
    }
}

/// Puts something before the first words of a text.
pub(super) fn lead(text: &mut RichText, mut before: Vec<Inline>) {
    match text.blocks.first_mut() {
        Some(Block::Paragraph(inlines)) => {
            before.append(inlines);
            *inlines = before;
        }
        Some(_) | None => text.blocks.insert(0, Block::Paragraph(before)),
    }
}
