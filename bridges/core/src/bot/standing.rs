//! The command that asks how the lines stand.

use super::Asked;
use crate::{BridgeError, telling::language_of};

impl Asked<'_> {
    /// How the lines stand, what is left of quotas, and how much waits.
    pub(super) async fn status(&self) -> Result<String, BridgeError> {
        let lines = self.bridges.status().await?;
        if lines.is_empty() {
            return Ok(self.say("bridge.status.none", &[]));
        }
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
        said.extend(self.amiss());
        said.extend(self.quotas());
        let waiting_in = lines.iter().map(|line| line.waiting_in).sum::<usize>().to_string();
        let waiting_out = lines.iter().map(|line| line.waiting_out).sum::<usize>().to_string();
        said.push(self.say("bridge.status.queue", &[("in", &waiting_in), ("out", &waiting_out)]));
        let held = self.bridges.rooms_held().await?;
        if held > 0 {
            said.push(self.say("bridge.status.held", &[("rooms", &held.to_string())]));
        }
        if !self.bridges.0.workshop.converts_voice() {
            said.push(self.say("bridge.status.voice", &[]));
        }
        if !self.bridges.0.workshop.reads_stills() {
            said.push(self.say("bridge.status.pictures", &[]));
        }
        Ok(said.join("\n"))
    }

    /// What does not work although its line is up.
    fn amiss(&self) -> Vec<String> {
        let language = language_of(self.lang);
        let mut said = Vec::new();
        for seat in &self.bridges.0.seats {
            for what in seat.connector.amiss() {
                let values = [("platform", seat.network.key()), ("what", what.of(language))];
                said.push(self.say("bridge.status.amiss", &values));
            }
        }
        said
    }

    /// What is left of what the platforms count.
    fn quotas(&self) -> Vec<String> {
        let language = language_of(self.lang);
        let mut said = Vec::new();
        for seat in &self.bridges.0.seats {
            for quota in seat.quotas.all() {
                let (left, whole) = (quota.left.to_string(), quota.whole.to_string());
                let values = [
                    ("platform", seat.network.key()),
                    ("what", quota.called.of(language)),
                    ("left", left.as_str()),
                    ("whole", whole.as_str()),
                ];
                said.push(self.say("bridge.status.quota", &values));
            }
        }
        said
    }
}
