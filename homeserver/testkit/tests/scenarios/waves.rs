//! News that everybody in a large room must hear: what it costs follows the news, not the members. Cost is counted in
//! rows of the store, not in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use store::{ByteRange, EachRow, Engine, EngineError, MemoryKv, Operation, Profile, View};
use testkit::{SigningKey, User, World};

/// Members of a small room.
const FEW: usize = 30;

/// Members of a large one: more than are woken at once.
const MANY: usize = 300;

/// How often a wave is repeated. The cheapest counts: whoever else reads in the background adds to the others.
const REPETITIONS: usize = 4;

/// Rows read and written.
#[derive(Default)]
struct Rows {
    read: AtomicUsize,
    written: AtomicUsize,
}

/// An engine, or a view of it, that counts.
#[derive(Clone)]
struct Counting<V: ?Sized> {
    rows: Arc<Rows>,
    inner: Arc<V>,
}

impl<V: View + ?Sized> View for Counting<V> {
    fn get(&self, profile: Profile, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), EngineError> {
        self.rows.read.fetch_add(1, Ordering::Relaxed);
        self.inner.get(profile, key, found)
    }

    fn scan(&self, profile: Profile, range: &ByteRange, each: &mut EachRow<'_>) -> Result<(), EngineError> {
        self.inner.scan(profile, range, &mut |key, value| {
            self.rows.read.fetch_add(1, Ordering::Relaxed);
            each(key, value)
        })
    }
}

impl Engine for Counting<MemoryKv> {
    fn snapshot(&self) -> Result<Arc<dyn View>, EngineError> {
        Ok(Arc::new(Counting { rows: Arc::clone(&self.rows), inner: self.inner.snapshot()? }))
    }

    fn write(&self, operations: &[Operation]) -> Result<(), EngineError> {
        self.rows.written.fetch_add(operations.len(), Ordering::Relaxed);
        self.inner.write(operations)
    }

    fn is_fresh(&self) -> Result<bool, EngineError> {
        self.inner.is_fresh()
    }
}

/// A world whose rows are counted, and a room of so many in it: who brings the news, and who waits for it.
struct Company {
    rows: Arc<Rows>,
    _world: World,
    bearer: User,
    reader: User,
}

impl Company {
    async fn of(members: usize) -> Self {
        let rows = Arc::new(Rows::default());
        let engine = Counting { rows: Arc::clone(&rows), inner: Arc::new(MemoryKv::new()) };
        let world = World::over(Arc::new(engine)).await;
        let bearer = world.user("bearer").await;
        let body = serde_json::json!({"preset": "public_chat"});
        let room = bearer.creates_room_like(body).await.room_id();
        for number in 2..members {
            world.user(&format!("member{number}")).await.joins(&room).await.ok();
        }
        let reader = world.user("reader").await;
        reader.joins(&room).await.ok();
        reader.syncs().await;
        Self { rows, _world: world, bearer, reader }
    }

    /// Rows read and written while the bearer does something and the reader hears of it.
    async fn cost<F: AsyncFn(usize)>(
        &self,
        news: F,
        is_heard: impl Fn(&Value, &User) -> bool,
    ) -> (usize, usize) {
        let mut cheapest = (usize::MAX, usize::MAX);
        for repetition in 0..REPETITIONS {
            let before = self.counts();
            news(repetition).await;
            self.reader.syncs_until("the news", |sync| is_heard(sync, &self.bearer)).await;
            let after = self.counts();
            cheapest.0 = cheapest.0.min(after.0 - before.0);
            cheapest.1 = cheapest.1.min(after.1 - before.1);
        }
        cheapest
    }

    fn counts(&self) -> (usize, usize) {
        (self.rows.read.load(Ordering::Relaxed), self.rows.written.load(Ordering::Relaxed))
    }

    /// A device of the bearer gets other keys.
    async fn device_list(&self) -> (usize, usize) {
        let news = async |_| {
            let device = self.bearer.on_another_device().await;
            device.uploads_keys_of(&SigningKey::new(1), 0).await.ok();
        };
        self.cost(news, |sync, bearer| {
            sync["device_lists"]["changed"]
                .as_array()
                .is_some_and(|changed| changed.iter().any(|user| *user == bearer.id.as_str()))
        })
        .await
    }

    /// The bearer comes and goes.
    async fn presence(&self) -> (usize, usize) {
        let states = ["unavailable", "online"];
        let news = async |repetition: usize| {
            self.bearer.sets_presence(states[repetition % 2]).await.ok();
        };
        self.cost(news, |sync, bearer| {
            sync["presence"]["events"]
                .as_array()
                .is_some_and(|events| events.iter().any(|event| event["sender"] == bearer.id.as_str()))
        })
        .await
    }
}

/// Far less than a row for each member more.
fn assert_alike(what: &str, few: (usize, usize), many: (usize, usize)) {
    let most = (MANY - FEW) / 2;
    assert!(many.0 <= few.0 + most, "{what}: rows read with {FEW} and {MANY} members: {few:?}, {many:?}");
    assert!(
        many.1 <= few.1 + FEW / 2,
        "{what}: rows written with {FEW} and {MANY} members: {few:?}, {many:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_device_and_a_changed_presence_cost_the_same_in_a_large_room() {
    let few = Company::of(FEW).await;
    let many = Company::of(MANY).await;
    assert_alike("device list", few.device_list().await, many.device_list().await);
    assert_alike("presence", few.presence().await, many.presence().await);
}
