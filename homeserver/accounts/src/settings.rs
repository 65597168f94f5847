//! What the operator decides about accounts. Plain values: the config crate fills them in.

/// Who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Registration {
    /// Nobody, apart from the shared secret and the command line.
    #[default]
    Closed,
    /// Whoever holds a registration token (`m.login.registration_token`).
    Token,
    /// Everybody (`m.login.dummy`).
    Open,
}

/// How dear one password hash is (argon2id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub lanes: u32,
}

impl PasswordCost {
    /// The least that argon2 allows: for tests and for runs that must not measure argon2.
    pub const fn cheap() -> Self {
        Self { memory_kib: 8, iterations: 1, lanes: 1 }
    }
}

impl Default for PasswordCost {
    /// The OWASP recommendation for argon2id: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, lanes: 1 }
    }
}

/// What the operator decides about accounts.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// Who may create an account.
    pub registration: Registration,
    /// The secret of `/_synapse/admin/v1/register`; none switches the endpoint off.
    pub registration_shared_secret: Option<String>,
    /// Whether guests may register.
    pub guests: bool,
    /// Whether `m.login.password` is offered.
    pub password_login: bool,
    /// Whether `m.login.token` is offered and `POST /login/get_token` answers.
    pub login_token: bool,
    /// How dear one password hash is.
    pub password_cost: PasswordCost,
    /// Password hashes computed at a time.
    pub hashing_threads: usize,
    /// Shortest password in characters.
    pub password_length_min: usize,
    /// Life of an access token that has a refresh token, in ms. Others do not expire.
    pub access_token_lifetime_ms: u64,
    /// Life of an unused refresh token in ms; none means for ever.
    pub refresh_token_lifetime_ms: Option<u64>,
    /// Life of a login token in ms.
    pub login_token_lifetime_ms: u64,
    /// Localparts that nobody may register, in lower case.
    pub reserved_localparts: Vec<String>,
    /// Whether a new account starts with its localpart as display name.
    pub display_name_from_localpart: bool,
    /// Whether e-mail is sent, so that addresses can be proved.
    pub email: bool,
    /// Whether a new account needs a proven address.
    pub email_required: bool,
    /// The ids of the identity providers at which people can sign on.
    pub identity_providers: Vec<String>,
}

impl Default for AccountSettings {
    fn default() -> Self {
        Self {
            registration: Registration::Closed,
            registration_shared_secret: None,
            guests: false,
            password_login: true,
            login_token: true,
            password_cost: PasswordCost::default(),
            hashing_threads: 2,
            password_length_min: 8,
            access_token_lifetime_ms: 5 * 60 * 1_000,
            refresh_token_lifetime_ms: None,
            login_token_lifetime_ms: 2 * 60 * 1_000,
            reserved_localparts: Vec::new(),
            display_name_from_localpart: true,
            email: false,
            email_required: false,
            identity_providers: Vec::new(),
        }
    }
}
