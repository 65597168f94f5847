//! The answer to a search, put together from event bytes.

use std::collections::BTreeMap;

use bytes::Bytes;
use rooms::Surroundings;
use search::{FoundEvent, FoundGroup, Grouping, SearchPage};
use serde_json::{Map, Value, json};

use crate::{JsonBytes, assemble::ObjectWriter};

/// Room to leave for each result beside its events.
const RESULT_BYTES: usize = 2_000;

/// The answer when no category was asked for.
pub(super) fn nothing() -> JsonBytes {
    JsonBytes(Bytes::from_static(br#"{"search_categories":{}}"#))
}

/// The answer with a page of events.
pub(super) fn page(page: &SearchPage) -> JsonBytes {
    let results: Vec<Bytes> = page.results.iter().map(result).collect();
    let mut events = ObjectWriter::with_capacity(results.len() * RESULT_BYTES);
    events
        .json("count", page.count.to_string().as_bytes())
        .array("results", &results)
        .json("highlights", json!(page.highlights).to_string().as_bytes())
        .optional_text("next_batch", page.next.as_deref());
    if !page.state.is_empty() {
        events.json("state", &state(page));
    }
    if !page.groups.is_empty() {
        events.json("groups", groups(&page.groups).to_string().as_bytes());
    }
    let mut categories = ObjectWriter::with_capacity(0);
    categories.json("room_events", &events.finish().0);
    let mut answer = ObjectWriter::with_capacity(0);
    answer.json("search_categories", &categories.finish().0).finish()
}

fn result(found: &FoundEvent) -> Bytes {
    let mut result = ObjectWriter::with_capacity(RESULT_BYTES);
    result.json("rank", json!(found.rank).to_string().as_bytes()).json("result", &found.event);
    if let Some(surroundings) = &found.context {
        result.json("context", &context(surroundings));
    }
    result.finish().0
}

fn context(surroundings: &Surroundings) -> Bytes {
    let mut context = ObjectWriter::with_capacity(RESULT_BYTES);
    context
        .text("start", &surroundings.start)
        .text("end", &surroundings.end)
        .array("events_before", &surroundings.events_before)
        .array("events_after", &surroundings.events_after);
    if !surroundings.profiles.is_empty() {
        let profiles = surroundings.profiles.iter().map(|(user, profile)| {
            let fields = [("displayname", &profile.displayname), ("avatar_url", &profile.avatar_url)];
            let given = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
            (user.to_string(), Value::Object(given.collect()))
        });
        let profiles: Map<String, Value> = profiles.collect();
        context.json("profile_info", Value::Object(profiles).to_string().as_bytes());
    }
    context.finish().0
}

fn state(page: &SearchPage) -> Bytes {
    let mut state = ObjectWriter::with_capacity(RESULT_BYTES);
    for (room, events) in &page.state {
        // Room ids have no characters that JSON escapes: the event parser refuses them.
        state.array(room.as_str(), events);
    }
    state.finish().0
}

fn groups(groups: &BTreeMap<Grouping, BTreeMap<String, FoundGroup>>) -> Value {
    let group = |found: &FoundGroup| {
        let mut group = json!({"order": found.order, "results": found.results});
        if let (Some(next), Some(fields)) = (&found.next, group.as_object_mut()) {
            fields.insert("next_batch".to_owned(), json!(next));
        }
        group
    };
    let groupings = groups.iter().map(|(grouping, values)| {
        let name = match grouping {
            Grouping::Room => "room_id",
            Grouping::Sender => "sender",
        };
        let values: Map<String, Value> =
            values.iter().map(|(value, found)| (value.clone(), group(found))).collect();
        (name.to_owned(), Value::Object(values))
    });
    Value::Object(groupings.collect())
}
