//! Values that travel exactly, every way that a value can go.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt as _, stream};
use glue::{CallError, Context, Exact, Incoming, Stream};

/// Accounts, which have to be right.
#[glue::channel]
pub(crate) trait Bank {
    /// Returns what comes.
    async fn echo(&self, kinds: Kinds) -> Kinds;
    /// Says what came, as Rust has it.
    async fn describe(&self, kinds: Kinds) -> String;
    /// Returns each integer that has a name.
    async fn extremes(&self) -> Extremes;
    /// Returns the bytes in reverse.
    async fn reverse(&self, bytes: Exact<Vec<u8>>) -> Exact<Vec<u8>>;
    /// Returns as many bytes, from 0 to 255 and again.
    async fn bytes(&self, length: u32) -> Exact<Vec<u8>>;
    async fn echo_tree(&self, tree: Account) -> Account;
    async fn echo_pages(&self, exact: Page<Exact<u64>>, plain: Page<u32>) -> Pages;
    async fn echo_entries(&self, entries: Vec<Entry>) -> Vec<Entry>;
    async fn echo_changes(&self, changes: Vec<Change>) -> Vec<Change>;
    async fn echo_loose(&self, loose: Vec<Loose>) -> Vec<Loose>;
    async fn echo_dated(&self, dated: Dated) -> Dated;
    /// Needs nothing.
    async fn name(&self, text: String, amount: Option<Exact<u64>>) -> String;
    /// Keeps an amount for `kept`.
    #[notification]
    async fn keep(&self, cx: &Context, amount: Exact<u64>, at: Exact<SystemTime>);
    async fn kept(&self, cx: &Context) -> Option<Exact<u64>>;
    /// Fails with how much is missing of 100.
    async fn withdraw(&self, amount: Exact<u64>) -> Result<Exact<u64>, Short>;
    /// Yields the numbers from one to another; fails behind `u64::MAX`.
    fn count(&self, from: Exact<u64>, items: u32) -> impl Stream<Item = Result<Exact<u64>, Short>>;
    async fn total(&self, amounts: Incoming<Exact<u64>>) -> Exact<u128>;
    /// Yields each block with its bytes in reverse.
    fn reverse_all(&self, blocks: Incoming<Exact<Vec<u8>>>) -> impl Stream<Item = Exact<Vec<u8>>>;
    /// Sends the event back.
    async fn tell(&self, cx: &Context, balances: Exact<BTreeMap<Exact<u64>, Account>>, at: Exact<SystemTime>);
    /// Calls `approve` of the caller, and says what came of it.
    async fn ask(&self, cx: &Context, amount: Exact<u64>) -> String;

    #[event]
    fn told(balances: Exact<BTreeMap<Exact<u64>, Account>>, at: Exact<SystemTime>);
    #[client]
    async fn approve(amount: Exact<u64>, at: Exact<SystemTime>) -> Result<Exact<Vec<u8>>, Short>;
}

/// One of each.
#[glue::model]
#[derive(Debug, Clone)]
pub(crate) struct Kinds {
    id: Exact<u64>,
    #[glue(exact)]
    signed: i64,
    #[glue(exact)]
    large: u128,
    maybe: Option<Exact<i128>>,
    #[glue(exact)]
    list: Vec<u64>,
    #[glue(exact)]
    bytes: Vec<u8>,
    four: Exact<[u8; 4]>,
    #[glue(exact)]
    at: SystemTime,
    tags: Exact<BTreeSet<String>>,
    /// Plain, as any other map.
    plain: BTreeMap<String, Exact<u64>>,
    nested: Exact<BTreeMap<Exact<u64>, Inner>>,
}

type Inner = Exact<BTreeMap<String, Exact<BTreeSet<Exact<i64>>>>>;

/// The first and the last of each kind.
#[glue::model]
pub(crate) struct Extremes {
    #[glue(exact)]
    signed: Vec<i64>,
    #[glue(exact)]
    unsigned: Vec<u64>,
    larger: Vec<Exact<i128>>,
    largest: Vec<Exact<u128>>,
    #[glue(exact)]
    nothing: Vec<u8>,
}

/// An account, with those below it.
#[glue::model]
#[derive(Debug, Clone)]
pub(crate) struct Account {
    balance: Exact<i64>,
    below: Vec<Self>,
    above: Option<Box<Self>>,
}

/// A part of a list.
#[glue::model]
pub(crate) struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[glue::model]
pub(crate) struct Pages {
    exact: Page<Exact<u64>>,
    plain: Page<u32>,
}

/// Tagged from outside.
#[glue::model]
pub(crate) enum Entry {
    Opened,
    Paid(Exact<u64>),
    Moved(Exact<u64>, Account),
    Noted { text: String },
    Closed { at: Exact<SystemTime> },
}

/// Tagged inside.
#[glue::model]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Change {
    Paid { amount: Exact<u64> },
    Renamed { name: String },
    Account(Account),
    Nothing,
}

/// Not tagged: the first that fits.
#[glue::model]
#[serde(untagged)]
pub(crate) enum Loose {
    Number(Exact<u64>),
    Flag(bool),
    Counted { name: String, count: Exact<u64> },
    Named { name: String },
    Dates(Vec<Exact<SystemTime>>),
    Texts(Vec<String>),
    Text(String),
}

/// With members of another.
#[glue::model]
pub(crate) struct Dated {
    amount: Exact<u64>,
    #[serde(flatten)]
    stamp: Stamp,
}

#[glue::model]
pub(crate) struct Stamp {
    at: Exact<SystemTime>,
}

/// There isn't enough.
#[glue::model]
#[derive(Debug)]
#[serde(tag = "code", rename_all = "snake_case")]
pub(crate) enum Short {
    Missing { amount: Exact<u64> },
    Closed { since: Exact<SystemTime> },
}

/// What a caller has kept.
#[derive(Clone)]
struct Kept(u64);

#[derive(Clone, Default)]
pub(crate) struct Counter;

impl Bank for Counter {
    async fn echo(&self, kinds: Kinds) -> Kinds {
        kinds
    }

    async fn describe(&self, kinds: Kinds) -> String {
        let age = kinds.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let nested = kinds.nested.values().flat_map(|map| map.values());
        let nested: i64 = nested.flat_map(|set| set.iter()).map(|value| value.0).sum();
        format!(
            "{} {} {} {:?} {:?} {:?} {:?} {} {:?} {:?} {nested}",
            kinds.id,
            kinds.signed,
            kinds.large,
            kinds.maybe.map(|value| value.0),
            kinds.list,
            kinds.bytes,
            kinds.four.0,
            age.as_millis(),
            kinds.tags.0,
            kinds.plain.get("a").map(|value| value.0),
        )
    }

    async fn extremes(&self) -> Extremes {
        Extremes {
            signed: vec![i64::MIN, -1, 0, i64::MAX],
            unsigned: vec![0, 1 << 53, u64::MAX],
            larger: vec![Exact(i128::MIN), Exact(i128::MAX)],
            largest: vec![Exact(u128::MAX)],
            nothing: Vec::new(),
        }
    }

    async fn reverse(&self, mut bytes: Exact<Vec<u8>>) -> Exact<Vec<u8>> {
        bytes.reverse();
        bytes
    }

    async fn bytes(&self, length: u32) -> Exact<Vec<u8>> {
        Exact((0..=u8::MAX).cycle().take(length as usize).collect())
    }

    async fn echo_tree(&self, tree: Account) -> Account {
        tree
    }

    async fn echo_pages(&self, exact: Page<Exact<u64>>, plain: Page<u32>) -> Pages {
        Pages { exact, plain }
    }

    async fn echo_entries(&self, entries: Vec<Entry>) -> Vec<Entry> {
        entries
    }

    async fn echo_changes(&self, changes: Vec<Change>) -> Vec<Change> {
        changes
    }

    async fn echo_loose(&self, loose: Vec<Loose>) -> Vec<Loose> {
        loose
    }

    async fn echo_dated(&self, dated: Dated) -> Dated {
        dated
    }

    async fn name(&self, text: String, amount: Option<Exact<u64>>) -> String {
        match amount {
            Some(amount) => format!("{text} {amount}"),
            None => text,
        }
    }

    async fn keep(&self, cx: &Context, amount: Exact<u64>, at: Exact<SystemTime>) {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        cx.set_value(Kept(amount.0 + seconds));
    }

    async fn kept(&self, cx: &Context) -> Option<Exact<u64>> {
        cx.value::<Kept>().map(|Kept(amount)| Exact(amount))
    }

    async fn withdraw(&self, amount: Exact<u64>) -> Result<Exact<u64>, Short> {
        let left = 100_u64.checked_sub(amount.0).map(Exact);
        left.ok_or_else(|| Short::Missing {
            amount: Exact(amount.0 - 100),
        })
    }

    fn count(&self, from: Exact<u64>, items: u32) -> impl Stream<Item = Result<Exact<u64>, Short>> {
        let since = Exact(UNIX_EPOCH + Duration::from_millis(1));
        stream::iter(0..u64::from(items)).map(move |n| {
            let number = from.0.checked_add(n).map(Exact);
            number.ok_or(Short::Closed { since })
        })
    }

    async fn total(&self, amounts: Incoming<Exact<u64>>) -> Exact<u128> {
        let total = amounts.fold(0, |total, amount| async move { total + u128::from(amount.0) });
        Exact(total.await)
    }

    fn reverse_all(&self, blocks: Incoming<Exact<Vec<u8>>>) -> impl Stream<Item = Exact<Vec<u8>>> {
        blocks.map(|mut block| {
            block.reverse();
            block
        })
    }

    async fn tell(
        &self,
        cx: &Context,
        balances: Exact<BTreeMap<Exact<u64>, Account>>,
        at: Exact<SystemTime>,
    ) {
        let _ = cx.emit(&BankEvent::Told { balances, at }).await;
    }

    async fn ask(&self, cx: &Context, amount: Exact<u64>) -> String {
        let at = Exact(UNIX_EPOCH + Duration::from_millis(1_500));
        match BankCallback::of(cx).approve(amount, at).await {
            Ok(bytes) => format!("approved {:?}", bytes.0),
            Err(CallError::Application(error)) => format!("refused {error:?}"),
            Err(CallError::Rpc(error)) => format!("failed {}: {}", error.code().as_str(), error.message()),
        }
    }
}
