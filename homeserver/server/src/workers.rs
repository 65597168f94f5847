//! What runs beside the requests, from the start to the stop: each worker is a task that ends with the shutdown.

use base::Shutdown;
use lianqiao_http::App;

use crate::{delayed_events, housekeeping, media_housekeeping, visits};

/// Starts every worker; whoever stops the server waits for them through [`App::tasks`].
pub(crate) fn start(app: &App, shutdown: &Shutdown) {
    let tasks = app.tasks();
    tasks.spawn(housekeeping::run(app.clone(), shutdown.clone()));
    tasks.spawn(media_housekeeping::run(app.media.clone(), shutdown.clone()));
    tasks.spawn(delayed_events::run(app.clone(), shutdown.clone()));
    tasks.spawn(visits::run(app.clone(), shutdown.clone()));
    // The threads of the index's own that are started there yield as well. A search that waits for the index does not wait for long.
    let behind_people = app.background.handle();
    tasks.spawn_on(app.search.clone().keep_index(shutdown.clone()), &behind_people);
    tasks.spawn_on(app.search.clone().keep_directories(shutdown.clone()), &behind_people);
    tasks.spawn(app.services.clone().run(shutdown.clone()));
    tasks.spawn(app.rooms.clone().redact_on_removal(shutdown.clone()));
    let (federation, sending) = (app.federation.clone(), shutdown.clone());
    tasks.spawn(async move { federation.sender().run(sending).await });
    let (federation, receiving) = (app.federation.clone(), shutdown.clone());
    tasks.spawn(async move { federation.work_inbound(receiving).await });
    let (federation, completing) = (app.federation.clone(), shutdown.clone());
    tasks.spawn(async move { federation.complete_rooms(completing).await });
    tasks.spawn(app.federation.clone().keep_device_lists(shutdown.clone()));
    let (push, flows) = (app.push.clone(), app.flows.clone());
    let push_shutdown = shutdown.clone();
    tasks.spawn(async move { push.run(push_shutdown).await });
    let flows_shutdown = shutdown.clone();
    tasks.spawn(async move { flows.run_tasks(flows_shutdown).await });
}
