//! `POST /_matrix/client/v3/search`

use std::collections::BTreeSet;

use axum::extract::State;
use ruma::api::client::search::search_events::v3::{Criteria, GroupingKey, OrderBy, Request, SearchKeys};
use search::{ContextWish, Grouping, SearchKey, SearchOrder, SearchRequest};
use serde::{Deserialize, de::IgnoredAny};

use super::answer;
use crate::{
    Action, App, Authed, JsonBytes, MatrixError, WithBody,
    client::history::{count, viewer},
};

/// What tells a wish for context with all defaults from no wish.
#[derive(Default, Deserialize)]
struct Wishes {
    #[serde(default)]
    search_categories: WishedCategories,
}

#[derive(Default, Deserialize)]
struct WishedCategories {
    room_events: Option<WishedEvents>,
}

#[derive(Default, Deserialize)]
struct WishedEvents {
    event_context: Option<IgnoredAny>,
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3search)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<WithBody<Request>>,
) -> Result<JsonBytes, MatrixError> {
    app.limits.caller(&caller, Action::Search)?;
    let WithBody { request, part: body } = request;
    let Some(criteria) = request.search_categories.room_events else { return Ok(answer::nothing()) };
    let wishes: Wishes = serde_json::from_slice(&body).unwrap_or_default();
    let wants_context = wishes.search_categories.room_events.is_some_and(|wish| wish.event_context.is_some());
    let asked = asked(criteria, wants_context, request.next_batch)?;
    let page = app.search.messages(viewer(&caller), &asked).await?;
    Ok(answer::page(&page))
}

fn asked(
    criteria: Criteria,
    wants_context: bool,
    from: Option<String>,
) -> Result<SearchRequest, MatrixError> {
    let keys = criteria.keys.unwrap_or_default().into_iter().map(|key| match key {
        SearchKeys::ContentBody => Ok(SearchKey::Body),
        SearchKeys::ContentName => Ok(SearchKey::Name),
        SearchKeys::ContentTopic => Ok(SearchKey::Topic),
        other => Err(MatrixError::invalid_param(format!("`{}` cannot be searched", other.as_str()))),
    });
    let order = match criteria.order_by {
        None | Some(OrderBy::Rank) => SearchOrder::Rank,
        Some(OrderBy::Recent) => SearchOrder::Recent,
        Some(other) => {
            return Err(MatrixError::invalid_param(format!("there is no order `{}`", other.as_str())));
        }
    };
    let group_by =
        criteria.groupings.group_by.into_iter().filter_map(|group| group.key).map(|key| match key {
            GroupingKey::RoomId => Ok(Grouping::Room),
            GroupingKey::Sender => Ok(Grouping::Sender),
            other => Err(MatrixError::invalid_param(format!("there is no grouping by `{}`", other.as_str()))),
        });
    let context = criteria.event_context;
    Ok(SearchRequest {
        term: criteria.search_term,
        keys: keys.collect::<Result<BTreeSet<_>, _>>()?,
        filter: criteria.filter,
        order,
        context: wants_context.then(|| ContextWish {
            before: count(context.before_limit),
            after: count(context.after_limit),
            profiles: context.include_profile,
        }),
        include_state: criteria.include_state.unwrap_or(false),
        group_by: group_by.collect::<Result<BTreeSet<_>, _>>()?,
        from,
    })
}
