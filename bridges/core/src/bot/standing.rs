//! The command that asks how the lines stand.

use super::Asked;
use crate::BridgeError;

impl Asked<'_> {
    /// How the lines stand, and how much waits.
    pub(super) async fn status(&self) -> Result<String, BridgeError> {
        let lines = self.bridges.status().await?;
        let Some(first) = lines.first() else { return Ok(self.say("bridge.status.none", &[])) };
        let queue = [("in", first.waiting_in.to_string()), ("out", first.waiting_out.to_string())];
        let queue: Vec<_> = queue.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let mut said: Vec<_> = lines
            .iter()
            .map(|line| {
                let (bound, gaps) = (line.bound.to_string(), line.gaps.to_string());
                let platform = line.network.key();
                match line.is_up {
                    true => self.say(
                        "bridge.status.up",
                        &[("platform", platform), ("bound", &bound), ("gaps", &gaps)],
                    ),
                    false => {
                        let values =
                            [("platform", platform), ("reason", line.reason.as_str()), ("bound", &bound)];
                        self.say("bridge.status.down", &values)
                    }
                }
            })
            .collect();
        said.push(self.say("bridge.status.queue", &queue));
        Ok(said.join("\n"))
    }
}
