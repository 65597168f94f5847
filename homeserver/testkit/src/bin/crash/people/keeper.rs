//! Writes account data, global and of the room, and the display name.

use serde_json::{Value, json};
use testkit::{User, segment};

use super::Person;
use crate::{attempt::put, history::History};

pub struct Keeper {
    user: User,
    paths: [String; 3],
    /// The number last acknowledged at each path.
    kept: [u64; 3],
    next: u64,
}

impl Keeper {
    pub fn new(user: User, room: &str) -> Self {
        let (id, room) = (segment(&user.id), segment(room));
        let paths = [
            format!("/_matrix/client/v3/user/{id}/account_data/org.example.kept"),
            format!("/_matrix/client/v3/user/{id}/rooms/{room}/account_data/org.example.kept"),
            format!("/_matrix/client/v3/profile/{id}/displayname"),
        ];
        Self { user, paths, kept: [0; 3], next: 1 }
    }

    async fn writes(&mut self) -> Result<(), String> {
        for (path, kept) in self.paths.iter().zip(&mut self.kept) {
            let content = json!({ key(path): self.next.to_string() });
            put(&self.user, path, &content).await?;
            *kept = self.next;
        }
        self.next += 1;
        Ok(())
    }
}

fn key(path: &str) -> &'static str {
    if path.ends_with("displayname") { "displayname" } else { "number" }
}

fn number(content: &Value, path: &str) -> u64 {
    content[key(path)].as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[async_trait::async_trait]
impl Person for Keeper {
    async fn works(&mut self) -> String {
        loop {
            if let Err(reason) = self.writes().await {
                return reason;
            }
        }
    }

    /// Looks before it writes: each value is the last acknowledged one, or the one in doubt.
    async fn settles(&mut self) -> Result<(), String> {
        for (path, kept) in self.paths.iter().zip(self.kept) {
            if kept == 0 {
                continue;
            }
            let found = number(&self.user.get(path).await.ok(), path);
            if found != kept && found != self.next {
                return Err(format!("{path} holds {found}, acknowledged was {kept}, in doubt {}", self.next));
            }
        }
        self.writes().await
    }

    async fn checks(&mut self, _: &History) -> Result<(), String> {
        for (path, kept) in self.paths.iter().zip(self.kept) {
            let found = number(&self.user.get(path).await.ok(), path);
            if found != kept {
                return Err(format!("{path} holds {found} instead of {kept}"));
            }
        }
        Ok(())
    }

    fn acknowledged(&self) -> usize {
        usize::try_from(self.kept.iter().sum::<u64>()).unwrap_or(usize::MAX)
    }
}
