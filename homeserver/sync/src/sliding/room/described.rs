//! What describes a room: its state, name and picture, and its heroes.

use model::StateNum;
use rooms::{StateChange, pagination::Window};
use ruma::OwnedUserId;
use serde::Deserialize;

use super::Question;
use crate::{
    SyncError,
    context::Context,
    room::events,
    sliding::{
        payload::{Change, Hero, Payload},
        progress::SentRoom,
        state,
    },
};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Texts {
    name: Option<String>,
    url: Option<String>,
    displayname: Option<String>,
    avatar_url: Option<String>,
}

impl Question<'_> {
    /// Fills in the state, the name and the picture.
    pub(super) async fn tell_state(
        &self,
        context: &Context<'_>,
        sent: Option<&SentRoom>,
        window: &Window,
        (changes, end): (&[StateChange], StateNum),
        payload: &mut Payload,
    ) -> Result<state::Selected, SyncError> {
        let (room, rules) = (self.room.entry.room, &*self.room.rules);
        let question = state::Question { room, rules, sent, window, changes, end };
        let mut selected = state::select(context, &question).await?;
        payload.state = events::state_events(context, &selected.events).await?;
        payload.removed_state = std::mem::take(&mut selected.removed);
        if sent.is_none() || selected.name_changed {
            let name = texts(context, end, "m.room.name", "").await?.name;
            payload.name = told(name.filter(|name| !name.is_empty()));
        }
        if sent.is_none() || selected.avatar_changed {
            payload.avatar = told(texts(context, end, "m.room.avatar", "").await?.url);
        }
        Ok(selected)
    }

    pub(super) async fn heroes(
        &self,
        context: &Context<'_>,
        end: StateNum,
        users: Vec<OwnedUserId>,
    ) -> Result<Option<Vec<Hero>>, SyncError> {
        let mut heroes = Vec::with_capacity(users.len());
        for user in users {
            let Texts { displayname, avatar_url, .. } =
                texts(context, end, "m.room.member", user.as_str()).await?;
            heroes.push(Hero { user, displayname, avatar_url });
        }
        Ok(Some(heroes).filter(|heroes| !heroes.is_empty()))
    }
}

/// A value that is told, be it that there is none.
#[expect(clippy::unnecessary_wraps, reason = "the outer layer says that it is told at all")]
fn told(value: Option<String>) -> Change<String> {
    Some(value)
}

async fn texts(context: &Context<'_>, end: StateNum, kind: &str, key: &str) -> Result<Texts, SyncError> {
    let event = context.inner.parts.rooms.state_event_at(context.reader(), end, kind, key).await?;
    Ok(event.and_then(|event| event.content_as().ok()).unwrap_or_default())
}
