//! What comes from a platform.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Acted, Block, Content, ConversationId, EventKey, ForeignApproval, MessageId, Person, PersonId, RichText,
    ThreadId, limits::PARTS_MAX,
};

/// One thing that happened on a platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arrival {
    /// By what its repeats are known.
    pub key: EventKey,
    /// Where it happened. `None` when the platform does not say: then the message that it is about tells (reactions and
    /// receipts of Feishu), or it is about no conversation (a person's new name).
    pub conversation: Option<ConversationId>,
    /// When, by the platform's clock, in milliseconds since the Unix epoch. Repeats keep the first time.
    pub at_ms: u64,
    /// By what the platform's support finds it again.
    pub trace: Option<String>,
    /// What happened.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// Somebody said something.
    Message(Message),
    /// Somebody changed what they had said.
    Edited {
        /// Which message; `parts` is all of it.
        message: MessageId,
        /// Who.
        from: Sender,
        /// What it says now.
        parts: Vec<Content>,
    },
    /// A message was taken back.
    Recalled {
        /// Which.
        message: MessageId,
        /// By whom, if the platform says.
        by: Option<PersonId>,
    },
    /// A reaction came or went.
    Reacted {
        /// To which message.
        message: MessageId,
        /// Whose.
        from: Sender,
        /// The emoji in Unicode, or the platform's name for one that has none (`[送心]`).
        emoji: String,
        /// Whether it came.
        added: bool,
    },
    /// People came into the conversation.
    Joined {
        /// Who.
        people: Vec<Person>,
    },
    /// People left it or were removed.
    Left {
        /// Who.
        people: Vec<PersonId>,
        /// By whom, when it was somebody else and the platform says.
        by: Option<PersonId>,
    },
    /// The conversation has another name.
    Renamed {
        /// The name.
        name: String,
        /// By whom, if the platform says.
        by: Option<PersonId>,
    },
    /// The conversation has another picture, or other words say what it is for.
    Described {
        /// The words now, empty when there are none any more; nothing when they are as before.
        words: Option<String>,
        /// Whether it has another picture. Which one [`crate::Conversation::avatar`] says.
        has_other_picture: bool,
    },
    /// The conversation is no more.
    Dissolved,
    /// Somebody has read what we sent.
    Read {
        /// Who.
        person: PersonId,
        /// Which messages, at most [`crate::limits::PEOPLE_AT_ONCE_MAX`].
        messages: Vec<MessageId>,
    },
    /// Somebody pressed a button of a card.
    Pressed(Pressed),
    /// Our app came into the conversation.
    BotAdded {
        /// By whom, if the platform says.
        by: Option<PersonId>,
    },
    /// Our app was removed from the conversation.
    BotRemoved {
        /// By whom, if the platform says.
        by: Option<PersonId>,
    },
    /// Somebody's name, picture or place in the company changed.
    PersonChanged(Person),
    /// Somebody left the company, and with it every conversation; about no conversation.
    PersonGone(PersonId),
    /// Somebody did something to an approval, a task or a meeting of ours in the platform's own app; about no conversation.
    Acted(Acted),
    /// An approval of the platform's own began or changed; about no conversation.
    ApprovalChanged(ForeignApproval),
    /// Somebody said something that the platform keeps to itself, because what it tells the app in a month is used up.
    Withheld,
}

/// Something that somebody said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Who said it.
    pub from: Sender,
    /// What, one event each; at least one and at most [`crate::limits::PARTS_MAX`].
    pub parts: Vec<Content>,
    /// What it answers.
    pub reply_to: Option<MessageId>,
    /// The topic that it stands in, with the message that began the topic when the platform says.
    pub thread: Option<(ThreadId, Option<MessageId>)>,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// A person.
    Person {
        /// Who.
        id: PersonId,
        /// What the arrival itself calls them; the directory knows better.
        name: Option<String>,
        /// Whether they are of another company than the app's; none when the platform does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external: Option<bool>,
    },
    /// Another app's robot.
    Bot {
        /// Which.
        id: PersonId,
        /// What the arrival itself calls it.
        name: Option<String>,
    },
    /// Our own app: an echo, as history shows it. The core drops it unless it never heard of the message.
    Ourselves,
    /// The platform itself.
    System,
}

/// A pressed button. A connector makes one of a verified callback alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pressed {
    /// The card.
    pub message: MessageId,
    /// Who pressed, as the platform vouches.
    pub by: PersonId,
    /// Which button.
    pub action: String,
    /// What came with it: the button's values and a form's fields.
    pub values: BTreeMap<String, String>,
    /// SHA-256 of the raw callback in lower-case hexadecimal, for the record of what is decided by it.
    pub proof: String,
}

impl Message {
    /// Puts words that somebody else said above its own: what it answers, where no id of it is known. Nothing happens where it has
    /// as many parts as it may have, or nothing is quoted.
    pub fn lead_with(&mut self, quote: &str) {
        let quoted = RichText::plain(quote).blocks;
        if quoted.is_empty() {
            return;
        }
        let quote = Block::Quote(quoted);
        if let Some(Content::Text(text)) = self.parts.first_mut() {
            text.blocks.insert(0, quote);
        } else if self.parts.len() < PARTS_MAX {
            self.parts.insert(0, Content::Text(RichText { blocks: vec![quote] }));
        }
    }
}

impl Happened {
    /// The message that it is about, when it is about one.
    pub fn message(&self) -> Option<&MessageId> {
        match self {
            Self::Message(message) => Some(&message.id),
            Self::Edited { message, .. } | Self::Recalled { message, .. } | Self::Reacted { message, .. } => {
                Some(message)
            }
            Self::Pressed(pressed) => Some(&pressed.message),
            Self::Read { messages, .. } => messages.last(),
            Self::Joined { .. }
            | Self::Left { .. }
            | Self::Renamed { .. }
            | Self::Described { .. }
            | Self::Dissolved
            | Self::BotAdded { .. }
            | Self::BotRemoved { .. }
            | Self::PersonChanged(_)
            | Self::PersonGone(_)
            | Self::Acted(_)
            | Self::ApprovalChanged(_)
            | Self::Withheld => None,
        }
    }

    /// Its kind in one word, for metrics and log lines.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Edited { .. } => "edited",
            Self::Recalled { .. } => "recalled",
            Self::Reacted { .. } => "reacted",
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Renamed { .. } => "renamed",
            Self::Described { .. } => "described",
            Self::Dissolved => "dissolved",
            Self::Read { .. } => "read",
            Self::Pressed(_) => "pressed",
            Self::BotAdded { .. } => "bot_added",
            Self::BotRemoved { .. } => "bot_removed",
            Self::PersonChanged(_) => "person_changed",
            Self::PersonGone(_) => "person_gone",
            Self::Acted(_) => "acted",
            Self::ApprovalChanged(_) => "approval_changed",
            Self::Withheld => "withheld",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrival_survives_its_way_through_a_row() {
        let arrival = Arrival {
            key: EventKey::new("cli_a:message:om_1").expect("valid"),
            conversation: Some(ConversationId::new("oc_1").expect("valid")),
            at_ms: 1_700_000_000_000,
            trace: Some("log-1".into()),
            what: Happened::Message(Message {
                id: MessageId::new("om_1").expect("valid"),
                from: Sender::Person {
                    id: PersonId::new("on_1").expect("valid"),
                    name: None,
                    external: None,
                },
                parts: vec![Content::Text(RichText::plain("好"))],
                reply_to: None,
                thread: None,
            }),
        };
        let json = serde_json::to_vec(&arrival).expect("writes");
        let back: Arrival = serde_json::from_slice(&json).expect("reads");
        assert_eq!(back, arrival);
        assert_eq!(back.what.message().map(MessageId::as_str), Some("om_1"));
        assert_eq!(back.what.kind(), "message");
    }

    #[test]
    fn a_quote_stands_above_the_words_or_before_a_file() {
        let mut message = Message {
            id: MessageId::new("om_1").expect("valid"),
            from: Sender::System,
            parts: vec![Content::Text(RichText::plain("yes"))],
            reply_to: None,
            thread: None,
        };
        message.lead_with("lunch?");
        message.lead_with(" ".trim());
        assert_eq!(message.parts.iter().map(Content::to_plain).collect::<Vec<_>>(), ["> lunch?\nyes"]);
        message.parts = vec![Content::Unsupported { kind: "vote".into(), fallback: String::new() }];
        message.lead_with("lunch?");
        assert_eq!(message.parts.len(), 2);
        message.parts = vec![message.parts.remove(1); PARTS_MAX];
        message.lead_with("lunch?");
        assert_eq!(message.parts.len(), PARTS_MAX);
    }
}
