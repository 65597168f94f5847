//! The public directory.

use ruma::{ServerName, directory::Filter};
use search::DirectoryQuery;

use crate::{App, MatrixError, Routes};

mod network;
mod page;
pub mod public_rooms;
pub mod public_rooms_filtered;
pub mod room_visibility;
pub mod set_room_visibility;

pub(crate) use page::Page;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(public_rooms::handler)
        .ruma(public_rooms_filtered::handler)
        .ruma(room_visibility::handler)
        .ruma(set_room_visibility::handler)
}

/// What a filter asks of our own directory.
pub(crate) fn query(filter: Filter, limit: Option<u64>, since: Option<String>) -> DirectoryQuery {
    let types = filter.room_types.iter().map(|kind| kind.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let room_types = (!types.is_empty()).then_some(types);
    DirectoryQuery { term: filter.generic_search_term, room_types, limit, since }
}

/// A page of the directory of `server`, which is this one where none is named.
async fn page(
    app: &App,
    server: Option<&ServerName>,
    filter: Filter,
    limit: Option<u64>,
    since: Option<String>,
) -> Result<Page, MatrixError> {
    match server.filter(|server| *server != app.settings.server_name) {
        None => Ok(app.search.public_rooms(&query(filter, limit, since)).await?.into()),
        Some(server) => {
            let answer = app.federation.public_rooms_of(server, filter, limit, since).await?;
            let total = answer.total_room_count_estimate;
            Ok(Page::of_another(answer.chunk, answer.next_batch, answer.prev_batch, total))
        }
    }
}
