//! Commands for clients that offer them in a form (MSC4391): described in the state of rooms that a bot makes and of the direct
//! chats that people open with it (see `describing.rs` for rooms that are there already), taken from messages as if they had been
//! typed.
//!
//! A command takes words behind its name, so its description has one parameter, which reaches to the end of the line. Whoever
//! has no such client misses nothing: a command that is picked and one that is typed are the same thing from here on.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ruma::UserId;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    Kit, Verb,
    commands::{OWN_VERBS, shown, typed},
    direct::room_kind,
    texts::Lang,
};

/// The type of the state, and the key in the content of a message, as clients of today know them.
pub(crate) const DESCRIPTION: &str = "org.matrix.msc4391.command_description";
const COMMAND: &str = "org.matrix.msc4391.command";

/// The one parameter of every command.
const PARAMETER: &str = "arguments";

/// Rooms of bots where nobody types.
const SILENT_KINDS: [&str; 2] = ["ledger", "elsewhere"];

/// A command as the state of a room describes it.
pub(crate) struct Description {
    pub state_key: String,
    pub content: Value,
}

impl Kit {
    /// Notes what a bot takes, for the rooms that it makes.
    pub(crate) fn note_verbs(&self, bot: &'static str, verbs: &'static [Verb]) {
        self.0.verbs.lock().insert(bot, verbs);
    }

    /// A request for a room with the commands of the bot in its state, unless nobody types there.
    pub(crate) fn describing(&self, bot: &str, lang: Lang, mut request: Value) -> Value {
        if !is_described(&request) {
            return request;
        }
        let described = self.descriptions(bot, lang);
        if let Some(state) = request["initial_state"].as_array_mut() {
            state.extend(described.into_iter().map(|Description { state_key, content }| {
                json!({ "type": DESCRIPTION, "state_key": state_key, "content": content })
            }));
        }
        request
    }

    /// The commands of a bot that has begun, in the order in which `!help` lists them.
    pub(crate) fn descriptions(&self, bot: &str, lang: Lang) -> Vec<Description> {
        let verbs = self.0.verbs.lock().get(bot).copied();
        let (Some(user), Some(verbs)) = (self.user(bot), verbs) else { return Vec::new() };
        verbs.iter().chain(OWN_VERBS).map(|verb| self.description(verb, user, lang)).collect()
    }

    fn description(&self, verb: &Verb, bot: &UserId, lang: Lang) -> Description {
        let name = shown(verb, Lang::En);
        let aliases: Vec<&str> = verb.names.iter().filter(|alias| **alias != name).copied().collect();
        let parameter = json!({
            "key": PARAMETER, "optional": true, "schema": { "schema_type": "primitive", "type": "string" },
        });
        let content = json!({
            "command": name,
            "aliases": aliases,
            "description": { "m.text": [{ "body": self.0.texts.fill(lang, verb.help, &[]) }] },
            "parameters": [parameter],
            "fi.mau.tail_parameter": PARAMETER,
        });
        Description { state_key: STANDARD.encode(Sha256::digest(format!("{name}{bot}"))), content }
    }
}

/// Whether people type in a room that is made like this.
pub(crate) fn is_described(request: &Value) -> bool {
    request["creation_content"]["type"] != "m.space" && !is_silent(request)
}

fn is_silent(request: &Value) -> bool {
    let states = request["initial_state"].as_array().into_iter().flatten();
    let mut own = states.filter(|state| state["type"] == room_kind());
    own.any(|state| SILENT_KINDS.iter().any(|silent| state["content"]["kind"] == *silent))
}

/// The command line that a message holds in a form: as it would have been typed. Nothing where there is none, or where it is
/// none that we describe: then the words of the message count.
pub(crate) fn picked(content: &Value) -> Option<String> {
    let picked = content[COMMAND].as_object()?;
    let name = picked.get("command")?.as_str()?.trim_start_matches(['/', '!', '！']);
    let arguments = match picked.get("arguments") {
        None | Some(Value::Null) => "",
        Some(Value::Object(arguments)) => match (arguments.len(), arguments.get(PARAMETER)) {
            (0, _) => "",
            (1, Some(Value::String(words))) => words,
            (1, Some(Value::Null)) => "",
            (_, _) => return None,
        },
        Some(_) => return None,
    };
    let line = format!("!{name} {arguments}");
    let is_one_word = !name.contains(char::is_whitespace);
    (is_one_word && typed(&line).is_some()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picked_command_is_the_line_that_would_have_been_typed() {
        let with = |command: Value| picked(&json!({ "body": "/x", COMMAND: command }));
        for (command, line) in [
            (json!({ "command": "task", "arguments": { "arguments": "mine" } }), Some("!task mine")),
            (json!({ "command": "/任务", "arguments": {} }), Some("!任务 ")),
            (json!({ "command": "task" }), Some("!task ")),
            (json!({ "command": "task", "arguments": { "arguments": null } }), Some("!task ")),
            (json!({ "command": "task", "arguments": { "title": "x" } }), None),
            (json!({ "command": "task", "arguments": ["mine"] }), None),
            (json!({ "command": "task mine" }), None),
            (json!({ "command": "" }), None),
            (json!({ "command": 7 }), None),
            (json!("task"), None),
        ] {
            assert_eq!(with(command.clone()).as_deref(), line, "{command}");
        }
        assert_eq!(picked(&json!({ "body": "!task" })), None);
    }
}
