//! The command that asks how the lines stand.

use bridge_api::Language;
use kit::texts::Lang;

use super::Asked;
use crate::BridgeError;

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
        said.extend(self.quotas());
        let waiting_in = lines.iter().map(|line| line.waiting_in).sum::<usize>().to_string();
        let waiting_out = lines.iter().map(|line| line.waiting_out).sum::<usize>().to_string();
        said.push(self.say("bridge.status.queue", &[("in", &waiting_in), ("out", &waiting_out)]));
        if !self.bridges.0.workshop.converts_voice() {
            said.push(self.say("bridge.status.voice", &[]));
        }
        Ok(said.join("\n"))
    }

    /// What is left of what the platforms count.
    fn quotas(&self) -> Vec<String> {
        let language = match self.lang {
            Lang::En => Language::En,
            Lang::Zh | Lang::Both => Language::Zh,
        };
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
