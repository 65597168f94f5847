//! The parts that bots live in, opened over the kit's store.

use cases::{Cases, CasesError, CasesParts, PublicKeys, Signer};
use kit::Kit;
use people::{People, PeopleParts};
use workdays::Workdays;

use crate::OfficeError;

/// What a bot with cases lives in.
#[derive(Clone)]
pub struct Office {
    /// The case engine.
    pub cases: Cases,
    /// The organisation.
    pub people: People,
    /// Its working days.
    pub workdays: Workdays,
}

impl Office {
    /// Opens what is not given, over the store of the kit. Parts that bots of one process share are given, so that all of
    /// them see a change at once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(
        kit: &Kit,
        people: Option<People>,
        workdays: Option<Workdays>,
    ) -> Result<Self, OfficeError> {
        let people = match people {
            Some(people) => people,
            None => {
                let parts = PeopleParts {
                    store: kit.store().clone(),
                    clock: kit.clock().clone(),
                    rng: kit.rng().clone(),
                    server_name: kit.server_name().to_owned(),
                };
                People::open(parts).await?
            }
        };
        let workdays = match workdays {
            Some(workdays) => workdays,
            None => Workdays::open(kit.store().clone()).await?,
        };
        Ok(Self { cases: cases_of(kit).await?, people, workdays })
    }
}

/// The case engine over the store of the kit. The key that signs its records is made where there is none yet.
///
/// # Errors
/// When the store cannot be read.
pub async fn cases_of(kit: &Kit) -> Result<Cases, CasesError> {
    let (store, clock, rng) = (kit.store().clone(), kit.clock().clone(), kit.rng().clone());
    let signer = Signer::of_store(&store).await?;
    Ok(Cases::new(CasesParts { store, clock, rng, signer, known: PublicKeys::default() }))
}
