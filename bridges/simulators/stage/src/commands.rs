//! What people do on every platform, as commands of the control port.

use serde::Deserialize;
use serde_json::Value;

/// Makes `Command`, the enum of what people, administrators and tests do, spoken in Rust and as JSON: what they do on all platforms,
/// and what is listed.
#[macro_export]
macro_rules! commands {
    ($(#[$about:meta])* pub enum Command { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, serde::Deserialize)]
        #[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
        #[allow(missing_docs, reason = "each field is what its name and the variant say")]
        pub enum Command {
            /// Who and what there is; with a person, their chats alone.
            Overview {
                #[serde(default)]
                person: Option<String>,
            },
            /// The messages of a chat, oldest first; cards as `person` sees them, where people see them differently.
            Show {
                chat: String,
                #[serde(default)]
                person: Option<String>,
            },
            /// Where a message is: `chat_id`.
            Find { message: String },
            /// What was uploaded, by an app, a bot or a person: its `name`, `content_type` and `base64`.
            Open { key: String },
            /// A person takes a message back. Who is told of that is the platform's own.
            Recall { person: String, message: String },
            /// A person comes into a chat.
            Join { person: String, chat: String },
            /// A person gives a chat another name.
            Rename { person: String, chat: String, name: String },
            /// What a person sees in their calendar; answers `meetings`, each with the `instances` in which it takes place.
            Calendar { person: String },
            /// A person answers an invitation: `accepted`, `tentative` or `declined`.
            AnswerMeeting { person: String, meeting: String, answer: String },
            /// A person has something of their own in the calendar; answers `meeting`.
            Book { person: String, title: String, start_ms: u64, end_ms: u64 },
            /// What a person sees in the approval centre, as who asked or who decides; answers `approvals`.
            Approvals { person: String },
            /// A person decides there what they were asked; answers `answered`.
            DecideApproval {
                person: String,
                task: String,
                approve: bool,
                #[serde(default)]
                reason: Option<String>,
            },
            /// A person asks for something in the platform's own approval app, with names and values of its form; answers
            /// `approval`.
            StartApproval {
                person: String,
                title: String,
                approvers: Vec<String>,
                #[serde(default)]
                lines: Vec<(String, String)>,
            },
            $($own)*
        }
    };
}

/// Plain words of a person, for platforms whose bots hear in groups what they are `at`: people, bots, or `all`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Who.
    pub person: String,
    /// Where.
    pub chat: String,
    /// What.
    pub text: String,
    /// Whom it addresses.
    #[serde(default)]
    pub at: Vec<String>,
    /// The message that it answers.
    #[serde(default)]
    pub reply_to: Option<String>,
}

/// The same with anything that people can send.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Who.
    pub person: String,
    /// Where.
    pub chat: String,
    /// The platform's word for its kind.
    pub kind: String,
    /// What the platform brings of it.
    pub content: Value,
    /// Whom it addresses.
    #[serde(default)]
    pub at: Vec<String>,
    /// The message that it answers.
    #[serde(default)]
    pub reply_to: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Said, Words};

    commands! {
        /// A platform of which one can ask one thing more.
        #[expect(dead_code, reason = "here it counts what is taken, not what is done with it")]
        pub enum Command {
            /// A person speaks.
            Speak(Words),
            /// A person says something.
            Say(Said),
            /// Something of its own.
            Own { number: u64 },
        }
    }

    #[test]
    fn every_platform_takes_what_all_take_and_its_own_and_nothing_else() {
        let taken = |command| serde_json::from_value::<Command>(command).is_ok();
        assert!(taken(json!({ "do": "overview" })) && taken(json!({ "do": "own", "number": 1 })));
        assert!(taken(json!({ "do": "recall", "person": "li", "message": "1" })));
        assert!(!taken(json!({ "do": "recall", "person": "li", "message": "1", "more": 1 })));
        let speak = json!({ "do": "speak", "person": "li", "chat": "c", "text": "words", "at": ["all"] });
        let Command::Speak(words) = serde_json::from_value(speak).unwrap() else { panic!("no words") };
        assert_eq!((words.text.as_str(), words.at.len(), words.reply_to), ("words", 1, None));
        let say = json!({ "do": "say", "person": "li", "chat": "c", "kind": "text", "content": {} });
        assert!(taken(say.clone()));
        let mut wrong = say;
        wrong["in_thread"] = true.into();
        assert!(!taken(wrong));
    }
}
