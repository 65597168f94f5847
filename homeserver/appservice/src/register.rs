//! Which services are registered now: the files, read at the start and whenever the operator says so.

mod files;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::RwLock;
use ruma::{OwnedServerName, RoomAliasId, UserId};
use tokio::sync::{Mutex, watch};

use self::files::{exists, file_name, files, write};
use crate::{
    AppserviceError, Service,
    limits::{REGISTRATION_BYTES_MAX, SERVICES_MAX},
    namespaces::Conflict,
    overlap::{Comparison, Kind},
};

/// Stands for the file of a registration that is in none.
const BUILT_IN: &str = "(built in)";

/// A registration that is not in use, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file or folder.
    pub file: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// What one reading of the files came to.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The services in use, in the order of their files.
    pub services: Vec<Arc<Service>>,
    /// What is not in use.
    pub refused: Vec<Refused>,
}

/// The register. One wrong file is left out and told of; it never keeps others from work.
pub(crate) struct Register {
    server_name: OwnedServerName,
    /// Registrations that are in no file.
    built_in: Vec<String>,
    /// Files and folders that the operator named.
    places: Vec<PathBuf>,
    /// Where [`Register::add`] puts files; read like a named folder, and may be absent.
    folder: PathBuf,
    loaded: RwLock<Arc<Loaded>>,
    changes: watch::Sender<u64>,
    /// One reader of the files at a time, so that an older reading does not win.
    reading: Mutex<()>,
}

impl Register {
    pub fn new(
        server_name: OwnedServerName,
        built_in: Vec<String>,
        places: Vec<PathBuf>,
        folder: PathBuf,
    ) -> Self {
        let (loaded, changes) = (RwLock::default(), watch::Sender::new(0));
        Self { server_name, built_in, places, folder, loaded, changes, reading: Mutex::default() }
    }

    pub fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read())
    }

    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Reads all files again and puts what they say into use.
    pub async fn reload(&self) -> Arc<Loaded> {
        let _reading = self.reading.lock().await;
        let loaded = Arc::new(self.read().await);
        for refused in &loaded.refused {
            tracing::error!(file = %refused.file.display(), reason = refused.reason, "application service is not in use");
        }
        metrics::gauge!("appservices_registered").set(loaded.services.len() as f64);
        metrics::gauge!("appservices_refused").set(loaded.refused.len() as f64);
        *self.loaded.write() = Arc::clone(&loaded);
        self.changes.send_modify(|count| *count += 1);
        loaded
    }

    /// Keeps a registration in the server's own folder and puts it into use.
    ///
    /// # Errors
    /// What is wrong with it, or that the file cannot be written.
    pub async fn add(&self, text: &str) -> Result<Arc<Service>, AppserviceError> {
        let service = Service::parse(text, &self.server_name).map_err(AppserviceError::Registration)?;
        let file = self.folder.join(file_name(&service.id));
        let loaded = self.loaded();
        // The same id again from the server's own folder is a new version of it.
        let mut others = loaded.services.iter().filter(|other| other.id != service.id);
        let mut comparison = Comparison::on(&self.server_name);
        if let Some(reason) = others.find_map(|other| conflict(&service, other, &mut comparison)) {
            return Err(AppserviceError::Registration(reason));
        }
        if loaded.services.iter().any(|other| other.id == service.id) && !exists(&file).await {
            let reason =
                format!("the id `{}` is registered by a file elsewhere; change it there", service.id);
            return Err(AppserviceError::Registration(reason));
        }
        write(&self.folder, &file, text).await.map_err(|error| {
            AppserviceError::Registration(format!("{} cannot be written: {error}", file.display()))
        })?;
        let loaded = self.reload().await;
        let added = loaded.services.iter().find(|added| added.id == service.id);
        added.cloned().ok_or_else(|| {
            let reason = loaded.refused.iter().find(|refused| refused.file == file);
            let reason = reason.map_or("it was not found again", |refused| &refused.reason);
            AppserviceError::Registration(reason.to_owned())
        })
    }

    async fn read(&self) -> Loaded {
        let (mut loaded, mut comparison) = (Loaded::default(), Comparison::on(&self.server_name));
        // First, so that a file of the same names is what is refused.
        for text in &self.built_in {
            match self.checked(text, &loaded.services, &mut comparison) {
                Ok(service) => loaded.services.push(Arc::new(service)),
                Err(reason) => loaded.refused.push(Refused { file: PathBuf::from(BUILT_IN), reason }),
            }
        }
        let named = self.places.iter().map(|place| (place, true));
        for (place, is_expected) in named.chain([(&self.folder, false)]) {
            for file in files(place, is_expected, &mut loaded.refused).await {
                match self.read_file(&file, &loaded.services, &mut comparison).await {
                    Ok(service) => loaded.services.push(Arc::new(service)),
                    Err(reason) => loaded.refused.push(Refused { file, reason }),
                }
            }
        }
        loaded
    }

    async fn read_file(
        &self,
        file: &Path,
        others: &[Arc<Service>],
        comparison: &mut Comparison,
    ) -> Result<Service, String> {
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        let bytes = tokio::fs::metadata(file).await.map_err(unreadable)?.len();
        if bytes > REGISTRATION_BYTES_MAX as u64 {
            return Err(format!("the file is longer than {REGISTRATION_BYTES_MAX} bytes"));
        }
        let text = tokio::fs::read_to_string(file).await.map_err(unreadable)?;
        self.checked(&text, others, comparison)
    }

    /// A registration that can stand beside the others.
    fn checked(
        &self,
        text: &str,
        others: &[Arc<Service>],
        comparison: &mut Comparison,
    ) -> Result<Service, String> {
        let service = Service::parse(text, &self.server_name)?;
        if others.len() >= SERVICES_MAX {
            return Err(format!("there are {SERVICES_MAX} application services already"));
        }
        match others.iter().find_map(|other| conflict(&service, other, comparison)) {
            Some(reason) => Err(reason),
            None => Ok(service),
        }
    }
}

impl Loaded {
    /// The service that shows this token. Every token is compared, whichever fits.
    #[must_use]
    pub fn by_token(&self, token: &str) -> Option<&Arc<Service>> {
        self.services
            .iter()
            .fold(None, |found, service| if service.as_token.is(token) { Some(service) } else { found })
    }

    /// The service of this id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Arc<Service>> {
        self.services.iter().find(|service| service.id == id)
    }

    /// The service that nobody else may take this user from.
    #[must_use]
    pub fn owner_of_user(&self, user: &UserId) -> Option<&Arc<Service>> {
        self.services.iter().find(|service| service.reserves(user))
    }

    /// The service that nobody else may take this alias from.
    #[must_use]
    pub fn owner_of_alias(&self, alias: &RoomAliasId) -> Option<&Arc<Service>> {
        self.services.iter().find(|service| service.aliases.reserves(alias.as_str()))
    }
}

/// Why two registrations cannot stand side by side.
fn conflict(new: &Service, other: &Service, comparison: &mut Comparison) -> Option<String> {
    let also = |what: &str| Some(format!("{what} is also that of the application service `{}`", other.id));
    if new.id == other.id {
        return Some(format!("the id `{}` is registered twice", new.id));
    }
    if new.as_token.is(other.as_token.reveal()) {
        return also("as_token");
    }
    if new.hs_token.is(other.hs_token.reveal()) {
        return also("hs_token");
    }
    if new.sender == other.sender {
        return also("sender_localpart");
    }
    if new.users.reserves(other.sender.as_str()) || other.users.reserves(new.sender.as_str()) {
        return Some(format!(
            "one of it and the application service `{}` has the other's sender in an exclusive namespace",
            other.id
        ));
    }
    let kinds = [
        (Kind::Users, &new.users, &other.users),
        (Kind::Aliases, &new.aliases, &other.aliases),
        (Kind::Rooms, &new.rooms, &other.rooms),
    ];
    kinds.into_iter().find_map(|(kind, ours, theirs)| {
        let Conflict { ours, theirs, example } = ours.conflict(theirs, kind, comparison)?;
        let (kind, new, other) = (kind.name(), &new.id, &other.id);
        Some(match example {
            Some(id) => format!(
                "namespaces.{kind}: the exclusive pattern `{ours}` of `{new}` and the exclusive pattern `{theirs}` of the application service `{other}` both match `{id}`"
            ),
            None => format!(
                "namespaces.{kind}: the exclusive pattern `{ours}` of `{new}` is also that of the application service `{other}`"
            ),
        })
    })
}
