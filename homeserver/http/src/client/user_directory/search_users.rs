//! `POST /_matrix/client/v3/user_directory/search`

use axum::extract::State;
use ruma::api::client::user_directory::search_users::v3::{Request, Response, User};
use search::{FoundUser, UserQuery};

use crate::{Action, Answer, App, Authed, MatrixError, client::history::count};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3user_directorysearch)
pub async fn handler(
    State(app): State<App>,
    Authed { caller, request }: Authed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Search)?;
    let query = UserQuery { term: request.search_term, limit: count(request.limit) };
    let found = app.search.users(&caller.user, &query).await?;
    let users = found.users.into_iter().map(|FoundUser { user, display_name, avatar_url }| {
        let mut listed = User::new(user);
        listed.display_name = display_name;
        listed.avatar_url = avatar_url;
        listed
    });
    Ok(Answer(Response::new(users.collect(), found.limited)))
}
