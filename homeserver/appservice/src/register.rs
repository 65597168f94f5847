//! Which services are registered now: the files, read at the start and whenever the operator says so.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::RwLock;
use ruma::{OwnedServerName, RoomAliasId, UserId};
use tokio::sync::{Mutex, watch};

use crate::{
    AppserviceError, Service,
    limits::{FILES_PER_FOLDER_MAX, REGISTRATION_BYTES_MAX, SERVICES_MAX},
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
        let others = loaded.services.iter().filter(|other| other.id != service.id);
        if let Some(reason) = others.filter_map(|other| conflict(&service, other)).next() {
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
        let mut loaded = Loaded::default();
        // First, so that a file of the same names is what is refused.
        for text in &self.built_in {
            match self.checked(text, &loaded.services) {
                Ok(service) => loaded.services.push(Arc::new(service)),
                Err(reason) => loaded.refused.push(Refused { file: PathBuf::from(BUILT_IN), reason }),
            }
        }
        let named = self.places.iter().map(|place| (place, true));
        for (place, is_expected) in named.chain([(&self.folder, false)]) {
            for file in files(place, is_expected, &mut loaded.refused).await {
                match self.read_file(&file, &loaded.services).await {
                    Ok(service) => loaded.services.push(Arc::new(service)),
                    Err(reason) => loaded.refused.push(Refused { file, reason }),
                }
            }
        }
        loaded
    }

    async fn read_file(&self, file: &Path, others: &[Arc<Service>]) -> Result<Service, String> {
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        let bytes = tokio::fs::metadata(file).await.map_err(unreadable)?.len();
        if bytes > REGISTRATION_BYTES_MAX as u64 {
            return Err(format!("the file is longer than {REGISTRATION_BYTES_MAX} bytes"));
        }
        let text = tokio::fs::read_to_string(file).await.map_err(unreadable)?;
        self.checked(&text, others)
    }

    /// A registration that can stand beside the others.
    fn checked(&self, text: &str, others: &[Arc<Service>]) -> Result<Service, String> {
        let service = Service::parse(text, &self.server_name)?;
        if others.len() >= SERVICES_MAX {
            return Err(format!("there are {SERVICES_MAX} application services already"));
        }
        match others.iter().find_map(|other| conflict(&service, other)) {
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
fn conflict(new: &Service, other: &Service) -> Option<String> {
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
    let kinds = [(&new.users, &other.users), (&new.aliases, &other.aliases), (&new.rooms, &other.rooms)];
    let pattern = kinds.into_iter().find_map(|(ours, theirs)| ours.conflict(theirs))?;
    also(&format!("the exclusive pattern `{pattern}`"))
}

/// The files of a place, in the order of their names.
async fn files(place: &Path, is_expected: bool, refused: &mut Vec<Refused>) -> Vec<PathBuf> {
    let mut refuse = |reason: String| refused.push(Refused { file: place.to_owned(), reason });
    match tokio::fs::metadata(place).await {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return vec![place.to_owned()],
        Err(error) if is_expected => {
            refuse(format!("it cannot be read: {error}"));
            return Vec::new();
        }
        Err(_) => return Vec::new(),
    }
    let mut found = Vec::new();
    match tokio::fs::read_dir(place).await {
        Ok(mut entries) => {
            while let Ok(Some(entry)) = entries.next_entry().await {
                let path = entry.path();
                let is_yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
                if is_yaml && found.len() < FILES_PER_FOLDER_MAX {
                    found.push(path);
                }
            }
        }
        Err(error) => refuse(format!("it cannot be read: {error}")),
    }
    found.sort();
    found
}

/// A file name that no id can lead out of the folder.
fn file_name(id: &str) -> String {
    let safe = id.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02x}"),
    });
    let name: String = safe.collect();
    // File systems end at 255 bytes.
    format!("{}.yaml", name.chars().take(240).collect::<String>())
}

async fn exists(file: &Path) -> bool {
    tokio::fs::metadata(file).await.is_ok()
}

/// Writes beside and renames, so that a crash leaves no half file. Only the server's own user may read it.
async fn write(folder: &Path, file: &Path, text: &str) -> io::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    tokio::fs::create_dir_all(folder).await?;
    let unfinished = file.with_extension("unfinished");
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut open = options.open(&unfinished).await?;
    open.write_all(text.as_bytes()).await?;
    open.sync_all().await?;
    tokio::fs::rename(&unfinished, file).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(id: &str, more: &str) -> String {
        format!(
            "id: {id}\nurl: null\nas_token: a-{id}\nhs_token: h-{id}\nsender_localpart: bot_{id}\n\
             namespaces:\n  users:\n    - exclusive: true\n      regex: '@{id}_.*'\n{more}"
        )
    }

    async fn register(folder: &Path) -> Register {
        let name = OwnedServerName::try_from("example.org").unwrap();
        let register = Register::new(name, Vec::new(), Vec::new(), folder.to_owned());
        register.reload().await;
        register
    }

    #[tokio::test]
    async fn a_wrong_file_disables_itself_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write("1.yaml", registration("one", ""));
        write("2.yaml", "id: [".to_owned());
        write("3.yaml", registration("three", "").replace("h-three", "h-one"));
        write("4.yml", registration("four", "    - exclusive: true\n      regex: '@one_.*'\n"));
        write("5.yaml", registration("five", ""));
        write("note.txt", "not a registration".to_owned());
        let loaded = register(folder.path()).await.loaded();
        let ids: Vec<_> = loaded.services.iter().map(|service| service.id.as_str()).collect();
        assert_eq!(ids, ["one", "five"]);
        let refused: Vec<_> = loaded.refused.iter().map(|refused| refused.reason.as_str()).collect();
        assert!(refused[0].contains("cannot be read"), "{refused:?}");
        assert!(refused[1].contains("hs_token is also that of the application service `one`"), "{refused:?}");
        assert!(refused[2].contains("`@one_.*`"), "{refused:?}");
        assert_eq!(refused.len(), 3);
    }

    #[tokio::test]
    async fn what_is_built_in_comes_first_and_outlives_a_reload() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("1.yaml"), registration("one", "")).unwrap();
        let name = OwnedServerName::try_from("example.org").unwrap();
        let built_in = vec![registration("one", ""), "not: one".to_owned()];
        let register = Register::new(name, built_in, Vec::new(), folder.path().to_owned());
        for _ in 0..2 {
            let loaded = register.reload().await;
            assert_eq!(loaded.services.len(), 1);
            let refused: Vec<_> = loaded.refused.iter().map(|refused| refused.file.as_path()).collect();
            assert_eq!(refused, [Path::new(BUILT_IN), &folder.path().join("1.yaml")]);
        }
        assert!(register.add(&registration("one", "")).await.is_err(), "its id is taken");
    }

    #[tokio::test]
    async fn a_registration_can_be_added_and_changed_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("appservices");
        let register = register(&own).await;
        let mut changes = register.changes();
        register.add(&registration("irc/../../x", "").replace("bot_irc/../../x", "bot")).await.unwrap();
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert!(register.loaded().by_token("a-irc/../../x").is_some());
        assert!(register.loaded().by_token("a-irc").is_none());
        assert_eq!(std::fs::read_dir(&own).unwrap().count(), 1, "the file lies in the folder");
        register
            .add(&registration("irc/../../x", "rate_limited: true\n").replace("bot_irc/../../x", "bot"))
            .await
            .unwrap();
        assert!(register.loaded().by_id("irc/../../x").unwrap().is_rate_limited);
        let taken = registration("other", "").replace("a-other", "a-irc/../../x");
        assert!(register.add(&taken).await.is_err());
        assert_eq!(register.reload().await.services.len(), 1);
    }
}
