//! What a template of the class `secret` cannot do: nothing of its cases is said where it is not encrypted for those who read it.

use super::{Step, Who, check::Checking};

impl Checking<'_> {
    /// A room of several is told nothing, and a partner nothing: what people there decide is proved by events in the clear.
    pub fn secret(&mut self) {
        let template = self.template;
        if !template.is_secret() {
            return;
        }
        if template.policy.announce.is_some() {
            self.wrong("policy.announce", "problem.secret");
        }
        for node in &template.flow {
            if matches!(node.step, Step::Approve { who: Who::Partner { .. }, .. }) {
                self.wrong(&node.id, "problem.secret_partner");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::template::{Template, check};

    #[test]
    fn what_is_secret_is_not_announced_and_not_sent_to_a_partner() {
        for (class, expected) in [
            (
                "secret",
                vec![
                    "policy.announce: is not for secret templates",
                    "n1: a secret template asks no partner, because what partners decide is proved in the clear",
                ],
            ),
            ("work", vec![]),
        ] {
            let template: Template = serde_json::from_value(json!({
                "v": 1, "id": "x", "name": {"zh": "X"}, "aliases": ["x"], "class": class, "form": [],
                "flow": [{"id": "n1", "type": "approve",
                          "who": {"partner": {"server": "partner", "capability": "contract"}}}],
                "policy": {"announce": "room"},
            }))
            .unwrap();
            let found: Vec<String> = check(&template).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{class}");
        }
    }
}
