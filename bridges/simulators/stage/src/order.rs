//! The commands that every simulator understands.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::FaultSpec;
use crate::play::{Play, Refused};

/// What a test does to any platform; on the control port told apart by `do`, like the platform's own commands.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "each field is what its name and the variant say")]
pub enum Order {
    /// Lets something go wrong.
    Fail {
        name: String,
        #[serde(default)]
        times: Option<u64>,
        #[serde(default)]
        path: Option<String>,
        #[serde(default)]
        value: Value,
    },
    /// Nothing goes wrong any more.
    Mend,
    /// Moves the platform's clock forward; answers `now_ms`.
    Skip { ms: u64 },
    /// How events fared, oldest first: `app`, `id`, `what`, `try`, `outcome`.
    Deliveries,
    /// How often each fault struck.
    Struck,
    /// Every fault with what it does.
    Faults,
}

/// The names of these commands.
const NAMES: &[&str] = &["fail", "mend", "skip", "deliveries", "struck", "faults"];

impl Order {
    /// Whether a command of the control port is one of these.
    pub(crate) fn is_one(command: &Value) -> bool {
        command.get("do").and_then(Value::as_str).is_some_and(|name| NAMES.contains(&name))
    }

    /// Does it.
    ///
    /// # Errors
    /// A fault that the platform does not have.
    pub fn carry_out<P: Play>(self, play: &P) -> Result<Value, Refused> {
        match self {
            Self::Fail { name, times, path, value } => {
                let known = P::FAULTS.iter().find(|(known, _)| *known == name);
                let (name, _) = known.ok_or_else(|| Refused {
                    code: Value::Null,
                    message: "there is no such fault; ask for the list".to_owned(),
                })?;
                let spec = FaultSpec { times, path, value };
                play.with_stage(|stage| stage.faults.set_name(name, spec));
                Ok(json!({}))
            }
            Self::Mend => {
                play.with_stage(|stage| stage.faults.clear());
                Ok(json!({}))
            }
            Self::Skip { ms } => Ok(play.with_stage(|stage| {
                stage.skip(ms);
                json!({ "now_ms": stage.now_ms() })
            })),
            Self::Deliveries => Ok(play.with_stage(|stage| stage.deliveries())),
            Self::Struck => Ok(play.with_stage(|stage| json!(stage.faults.struck()))),
            Self::Faults => {
                let faults = P::FAULTS.iter();
                Ok(faults.map(|(name, text)| json!({ "name": name, "description": text })).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_command_and_what_nobody_knows_is_refused() {
        for name in NAMES {
            let command = json!({ "do": name, "name": "api.slow", "ms": 1 });
            assert!(Order::is_one(&command));
            let mut least = json!({ "do": name });
            match *name {
                "fail" => least["name"] = "api.slow".into(),
                "skip" => least["ms"] = 1.into(),
                _ => {}
            }
            assert!(serde_json::from_value::<Order>(least).is_ok(), "{name}");
        }
        assert!(!Order::is_one(&json!({ "do": "speak" })));
        assert!(serde_json::from_value::<Order>(json!({ "do": "skip", "ms": 1, "more": 1 })).is_err());
    }
}
