//! The part of the directory that an application service keeps for a network it bridges.

use search::DirectoryPage;

use crate::{App, MatrixError, limits::NETWORK_ROOMS_PER_PAGE_MAX};

/// A page of the rooms that are listed for a network. The token of a page is the number of rooms before it.
pub(super) async fn listed(
    app: &App,
    instance: &str,
    term: Option<&str>,
    limit: Option<u64>,
    since: Option<&str>,
) -> Result<DirectoryPage, MatrixError> {
    let skipped: usize = since
        .map_or(Ok(0), str::parse)
        .map_err(|_| MatrixError::invalid_param("since is no token of this list"))?;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(NETWORK_ROOMS_PER_PAGE_MAX);
    let limit = limit.clamp(1, NETWORK_ROOMS_PER_PAGE_MAX);
    let all = app.services.listed_rooms(instance, term).await?;
    let total = all.len();
    let end = skipped.saturating_add(limit);
    Ok(DirectoryPage {
        rooms: all.into_iter().skip(skipped).take(limit).collect(),
        next: (end < total).then(|| end.to_string()),
        previous: (skipped > 0).then(|| skipped.saturating_sub(limit).to_string()),
        total: total as u64,
    })
}
