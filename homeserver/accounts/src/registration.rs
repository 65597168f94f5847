//! Creating accounts.

use ruma::{OwnedUserId, UserId};
use store::{Batch, StoreError};
use streams::Fact;

use crate::{
    AccountError, Accounts, DeviceChoice, Earned, ExternalId, LoggedIn, Registration,
    limits::WRITE_TRIES_MAX,
    profile,
    standing::Standing,
    tables::{PASSWORDS, PROFILES, USERS, UserRow},
};

/// What a client asks for at `POST /register`, once user-interactive auth is through.
#[derive(Clone, Default)]
pub struct RegistrationRequest {
    /// The wanted localpart; chosen by the server when absent.
    pub username: Option<String>,
    /// The password; an account without one can only be entered by other means.
    pub password: Option<String>,
    /// On which device the first session is wanted.
    pub device: DeviceChoice,
    /// Whether no session is wanted at all.
    pub inhibit_login: bool,
    /// What user-interactive auth accepted: one use of a registration token is counted, a proven address
    /// becomes the account's.
    pub earned: Earned,
}

/// An account that an operator creates.
#[derive(Clone)]
pub struct NewUser {
    /// The localpart.
    pub localpart: String,
    /// The password, if any.
    pub password: Option<String>,
    /// Whether the account administrates this server.
    pub admin: bool,
    /// The display name; the default of the settings when absent.
    pub display_name: Option<String>,
}

/// An account of a person whom an identity provider vouches for.
#[derive(Clone, Debug)]
pub struct ExternalUser {
    /// The localpart.
    pub localpart: String,
    /// Who the person is there; the account is linked from its beginning.
    pub id: ExternalId,
    /// The display name; the default of the settings when absent.
    pub display_name: Option<String>,
    /// An address that the provider vouches for; it is left out when it is somebody else's.
    pub address: Option<String>,
}

/// A new account.
#[derive(Clone)]
pub struct Registered {
    /// Its id.
    pub user: OwnedUserId,
    /// Its first session, unless none was wanted.
    pub session: Option<LoggedIn>,
}

/// Everything one insertion needs; the password is hashed already.
struct Insertion {
    user: OwnedUserId,
    row: UserRow,
    password_hash: Option<String>,
    display_name: Option<String>,
    session: Option<DeviceChoice>,
    earned: Earned,
    administrator_token: Option<String>,
    external: Option<(ExternalId, Option<String>)>,
}

impl Accounts {
    /// Whether the name could be registered now: grammar, reserved names, and not taken.
    pub async fn check_available(&self, localpart: &str) -> Result<OwnedUserId, AccountError> {
        let user = self.registrable_user_id(localpart)?;
        if self.exists(&self.0.store, &user).await? {
            return Err(AccountError::UserInUse);
        }
        Ok(user)
    }

    /// Whether the password policy allows this password.
    pub fn check_password_policy(&self, password: &str) -> Result<(), AccountError> {
        self.0.passwords.check_policy(password)
    }

    /// Creates an account for a client whose user-interactive auth is complete.
    pub async fn register(&self, request: RegistrationRequest) -> Result<Registered, AccountError> {
        if self.0.settings.registration == Registration::Closed {
            return Err(AccountError::RegistrationClosed);
        }
        let user = match &request.username {
            Some(name) => self.check_available(name).await?,
            None => self.chosen_user_id()?,
        };
        let password_hash = match &request.password {
            Some(password) => Some(self.0.passwords.hash(password).await?),
            None => None,
        };
        let session = (!request.inhibit_login).then_some(request.device);
        self.insert(Insertion {
            row: self.new_row(false),
            display_name: self.default_display_name(&user),
            user,
            password_hash,
            session,
            earned: request.earned,
            administrator_token: None,
            external: None,
        })
        .await
    }

    /// Creates a guest with a session.
    pub async fn register_guest(&self, device: DeviceChoice) -> Result<Registered, AccountError> {
        if !self.0.settings.guests {
            return Err(AccountError::GuestsRefused);
        }
        let user = self.chosen_user_id()?;
        // A guest cannot choose its device: it would be somebody's name for nobody.
        let device = DeviceChoice { id: None, ..device };
        self.insert(Insertion {
            user,
            row: UserRow { guest: true, ..self.new_row(false) },
            password_hash: None,
            display_name: None,
            session: Some(device),
            earned: Earned::default(),
            administrator_token: None,
            external: None,
        })
        .await
    }

    /// Creates an account for the operator, without a session and whatever the settings say about
    /// registration.
    pub async fn create_user(&self, new: NewUser) -> Result<OwnedUserId, AccountError> {
        Ok(self.create_with(new, None, None).await?.user)
    }

    /// Creates an account for a person of an identity provider, without password and without a session, whatever
    /// the settings say about registration. Reserved names are kept.
    ///
    /// # Errors
    /// `UserInUse` for a name that is taken, `ExternalIdInUse` when the person has an account.
    pub async fn create_external_user(&self, new: ExternalUser) -> Result<OwnedUserId, AccountError> {
        let user = self.registrable_user_id(&new.localpart)?;
        let display_name = new.display_name.or_else(|| self.default_display_name(&user));
        let registered = self
            .insert(Insertion {
                row: self.new_row(false),
                user,
                password_hash: None,
                display_name,
                session: None,
                earned: Earned::default(),
                administrator_token: None,
                external: Some((new.id, new.address)),
            })
            .await?;
        Ok(registered.user)
    }

    /// As [`Accounts::create_user`], with a first session, spending the first administrator's link.
    pub(crate) async fn create_with(
        &self,
        new: NewUser,
        session: Option<DeviceChoice>,
        administrator_token: Option<&str>,
    ) -> Result<Registered, AccountError> {
        let user = self.user_id_for(&new.localpart)?;
        let password_hash = match &new.password {
            Some(password) => Some(self.0.passwords.hash(password).await?),
            None => None,
        };
        let display_name = new.display_name.or_else(|| self.default_display_name(&user));
        self.insert(Insertion {
            row: self.new_row(new.admin),
            user,
            password_hash,
            display_name,
            session,
            earned: Earned::default(),
            administrator_token: administrator_token.map(str::to_owned),
            external: None,
        })
        .await
    }

    async fn insert(&self, insertion: Insertion) -> Result<Registered, AccountError> {
        for _ in 0..WRITE_TRIES_MAX {
            if self.exists(&self.0.store, &insertion.user).await? {
                return Err(AccountError::UserInUse);
            }
            let mut batch = Batch::new();
            let session = self.add_insertion(&mut batch, &insertion).await?;
            match self.0.store.commit(batch).await {
                Ok(_) => {
                    metrics::counter!("lianqiao_accounts_created_total").increment(1);
                    return Ok(Registered { user: insertion.user, session });
                }
                // The name was taken, or the registration token was used, at this moment: look again.
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccountError::Contended)
    }

    async fn add_insertion(
        &self,
        batch: &mut Batch,
        insertion: &Insertion,
    ) -> Result<Option<LoggedIn>, AccountError> {
        let user = &insertion.user;
        batch.expect_absent(&USERS, user);
        batch.put(&USERS, user, &insertion.row);
        let position = batch.position();
        streams::record(batch, position, &Fact::Account { user: user.clone() });
        if let Some(hash) = &insertion.password_hash {
            batch.put(&PASSWORDS, user, hash);
        }
        if let Some(name) = &insertion.display_name {
            batch.put(&PROFILES, user, &profile::row_with_display_name(name));
        }
        if let Some(token) = &insertion.earned.registration_token {
            self.count_registration_token(batch, token).await?;
        }
        if let Some(proof) = &insertion.earned.address {
            self.spend_address_proof(batch, proof);
            self.put_address(batch, user, proof).await?;
        }
        if let Some((id, address)) = &insertion.external {
            self.add_external_id(batch, user, id).await?;
            if let Some(address) = address {
                self.put_free_address(batch, user, address).await?;
            }
        }
        if let Some(token) = &insertion.administrator_token {
            self.spend_administrator_token(batch, token).await?;
        }
        let Some(choice) = &insertion.session else { return Ok(None) };
        let (device, tokens) = self.add_session(batch, user, choice).await?;
        Ok(Some(LoggedIn { user: user.clone(), device, tokens }))
    }

    /// Adds an account to `batch` that has neither a password nor a session, of a visitor or of somebody who stays.
    pub(crate) async fn add_account(
        &self,
        batch: &mut Batch,
        user: &UserId,
        display_name: Option<String>,
        visitor: bool,
    ) -> Result<(), AccountError> {
        let insertion = Insertion {
            user: user.to_owned(),
            row: UserRow { visitor: visitor.then_some(true), ..self.new_row(false) },
            password_hash: None,
            display_name: display_name.or_else(|| self.default_display_name(user)),
            session: None,
            earned: Earned::default(),
            administrator_token: None,
            external: None,
        };
        self.add_insertion(batch, &insertion).await.map(drop)
    }

    fn new_row(&self, admin: bool) -> UserRow {
        UserRow {
            created_ms: self.0.clock.now_ms(),
            guest: false,
            admin,
            deactivated: false,
            erased: false,
            locked: false,
            suspended: false,
            visitor: None,
            standing: Standing::Active,
        }
    }

    fn default_display_name(&self, user: &UserId) -> Option<String> {
        self.0.settings.display_name_from_localpart.then(|| user.localpart().to_owned())
    }
}
