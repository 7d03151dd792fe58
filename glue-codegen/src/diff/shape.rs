//! Two types side by side: what differs, at the deepest place that says it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    Breaks, Finding, Place, Rule,
    node::{Node, Object, Types, Union},
    rule::Way,
    rust::Number,
};

/// A place in a method or in a type.
#[derive(Debug, Clone)]
pub(super) struct At {
    pub(super) owner: Owner,
    pub(super) root: Root,
    /// Below the root: `filter.tags[]`.
    path: String,
    pub(super) way: Way,
    /// How many steps were taken to get here: into something, or through a name.
    depth: usize,
}

/// Whose change it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Method(String),
    /// A pair of types, by its number.
    Pair(usize),
}

/// What a path begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    Arguments,
    Value,
    Items,
    Upload,
    Error,
    Type,
}

impl At {
    pub(super) const fn method(method: String, root: Root, way: Way) -> Self {
        Self {
            owner: Owner::Method(method),
            root,
            path: String::new(),
            way,
            depth: 0,
        }
    }

    pub(super) fn below(&self, step: &str) -> Self {
        let dot = if self.path.is_empty() || step.starts_with(['[', '(']) {
            ""
        } else {
            "."
        };
        Self {
            path: format!("{}{dot}{step}", self.path),
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    fn deeper(&self) -> Self {
        Self {
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// What stands at this place, in words.
    pub(super) fn subject(&self) -> String {
        let path = &self.path;
        if let Some(map) = path.strip_suffix("(key)") {
            let map = Self {
                path: map.to_owned(),
                ..self.clone()
            };
            return format!("a key of {}", map.subject());
        }
        match (self.root, path.as_str()) {
            (Root::Arguments, "") => "the arguments".to_owned(),
            (Root::Arguments, _) => format!("the argument `{path}`"),
            (Root::Type, "") => "the type".to_owned(),
            (Root::Type, _) => format!("the field `{path}`"),
            (root, "") => root.name().to_owned(),
            (root, _) => format!("`{path}` of {}", root.name()),
        }
    }

    /// A field of this place, in words.
    pub(super) fn field(&self, name: &str) -> String {
        let field = self.below(name);
        match self.root {
            Root::Arguments if self.path.is_empty() => format!("the argument `{name}`"),
            Root::Arguments | Root::Type => format!("the field `{}`", field.path),
            root => format!("the field `{}` of {}", field.path, root.name()),
        }
    }

    /// Whose variants these are: nothing needs to be said of those of the type itself.
    pub(super) fn of(&self) -> String {
        match (self.root, self.path.as_str()) {
            (Root::Type, "") => String::new(),
            _ => format!(" of {}", self.subject()),
        }
    }

    /// Whether this is what a method answers; that of a client goes up.
    const fn is_answer(&self) -> bool {
        matches!(self.root, Root::Value | Root::Error)
    }

    pub(super) const fn is_argument(&self) -> bool {
        matches!(self.root, Root::Arguments) && self.path.is_empty()
    }
}

impl Root {
    const fn name(self) -> &'static str {
        match self {
            Self::Arguments => "the arguments",
            Self::Value => "the value",
            Self::Items => "the items",
            Self::Upload => "the items that are sent",
            Self::Error => "the error",
            Self::Type => "the type",
        }
    }
}

/// Compares types, and gathers what differs.
pub(super) struct Walk<'a> {
    pub(super) old: Types<'a>,
    pub(super) new: Types<'a>,
    found: Vec<(Owner, Finding)>,
    /// Pairs of named types by their texts and way: each is compared once.
    pairs: BTreeMap<(String, String, Way), usize>,
    /// The names of the pairs, and whose types lead to each.
    names: Vec<String>,
    users: Vec<BTreeSet<Owner>>,
    waiting: VecDeque<(usize, Node, Node, Way)>,
}

/// How many steps are taken below one named type. Nobody writes more; a generic type that holds itself with larger arguments comes to
/// any number, each of which costs stack.
const DEPTH: usize = 48;

impl<'a> Walk<'a> {
    pub(super) const fn new(old: Types<'a>, new: Types<'a>) -> Self {
        Self {
            old,
            new,
            found: Vec::new(),
            pairs: BTreeMap::new(),
            names: Vec::new(),
            users: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Notes a change; `reads` says what a client finds where it breaks by reading.
    pub(super) fn add(&mut self, at: &At, rule: Rule, what: String, breaks: (Breaks, Breaks), reads: &str) {
        self.add_where(at, rule, what, breaks, reads, None);
    }

    /// As [`add`](Self::add), where only some values break: those that only the old side has, and those that only the new one has.
    fn add_where(
        &mut self,
        at: &At,
        rule: Rule,
        what: String,
        (clients, servers): (Breaks, Breaks),
        reads: &str,
        values: Option<&(String, String)>,
    ) {
        let (sent_up, is_answer) = (at.way == Way::Up, at.is_answer());
        let only = |values: &String| match (sent_up, is_answer) {
            (true, false) => format!(" when they send {values}"),
            _ => format!(" when it is {values}"),
        };
        let (olds, news) = values.map_or_else(Default::default, |(olds, news)| (only(olds), only(news)));
        // Who reads it fails at what the other side alone has.
        let (of_clients, of_servers) = if sent_up { (olds, news) } else { (news, olds) };
        let who = |breaks| match breaks {
            Breaks::Nobody => None,
            Breaks::Rust => Some("clients in Rust"),
            Breaks::All => Some("clients"),
        };
        let mut consequences = BTreeSet::new();
        if let Some(who) = who(clients) {
            let then = match (at.way, clients) {
                (Way::Up, _) if at.is_answer() => {
                    format!("servers fail to read what {who} built before this answer")
                }
                (Way::Up, _) => format!("{who} built before this fail with invalid_argument"),
                (Way::Down, Breaks::Rust) => format!("{who} built before this fail to read it"),
                (Way::Down, _) => format!("{who} built before this {reads}"),
            };
            consequences.insert(then + &of_clients);
        }
        if let Some(who) = who(servers) {
            let then = match (at.way, servers) {
                (Way::Up, _) if at.is_answer() => {
                    format!("older servers fail to read what {who} built after this answer")
                }
                (Way::Up, _) => format!("{who} built after this fail with invalid_argument at older servers"),
                (Way::Down, Breaks::Rust) => {
                    format!("{who} built after this fail to read it from older servers")
                }
                (Way::Down, _) => format!("{who} built after this {reads} from older servers"),
            };
            consequences.insert(then + &of_servers);
        }
        let finding = Finding {
            rule,
            place: Place::Method(String::new()),
            methods: BTreeSet::new(),
            what,
            clients,
            servers,
            consequences,
        };
        self.found.push((at.owner.clone(), finding));
    }

    /// Compares all pairs that are left, and returns what was found with its place and methods.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        while let Some((pair, old, new, way)) = self.waiting.pop_front() {
            let at = At {
                owner: Owner::Pair(pair),
                root: Root::Type,
                path: String::new(),
                way,
                depth: 0,
            };
            let (old, new) = (self.old.behind(&old), self.new.behind(&new));
            self.compare(&old, &new, &at);
        }
        let found = std::mem::take(&mut self.found);
        let with_place = |(owner, finding): (Owner, Finding)| {
            let place = match &owner {
                Owner::Method(method) => Place::Method(method.clone()),
                Owner::Pair(pair) => Place::Type(self.names.get(*pair).cloned().unwrap_or_default()),
            };
            Finding {
                place,
                methods: self.methods(owner),
                ..finding
            }
        };
        found.into_iter().map(with_place).collect()
    }

    /// The methods that lead to an owner.
    fn methods(&self, owner: Owner) -> BTreeSet<String> {
        let (mut methods, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut unread = vec![owner];
        while let Some(owner) = unread.pop() {
            match &owner {
                Owner::Method(method) => {
                    methods.insert(method.clone());
                }
                Owner::Pair(pair) => {
                    if seen.insert(*pair) {
                        unread.extend(self.users.get(*pair).into_iter().flatten().cloned());
                    }
                }
            }
        }
        methods
    }

    pub(super) fn compare(&mut self, old: &Node, new: &Node, at: &At) {
        if at.depth > DEPTH {
            return;
        }
        let known = |types: Types<'_>, node: &Node| matches!(node, Node::Named(name, _) if types.knows(name));
        match (known(self.old, old), known(self.new, new)) {
            (true, true) => return self.pair(old, new, at),
            (true, false) => return self.compare(&self.old.behind(old), new, &at.deeper()),
            (false, true) => return self.compare(old, &self.new.behind(new), &at.deeper()),
            (false, false) => {}
        }
        if let (Node::Intersection(_), _) | (_, Node::Intersection(_)) = (old, new) {
            let (old, new) = (merged(self.old, old), merged(self.new, new));
            return match (&old, &new) {
                (Node::Intersection(_), _) | (_, Node::Intersection(_)) => self.unreadable(&old, &new, at),
                _ => self.compare(&old, &new, &at.deeper()),
            };
        }
        let ((old_null, old), (new_null, new)) = (without_null(old), without_null(new));
        let (old, new) = (&old, &new);
        // Null is among whatever there is.
        let is_any = |node: &Node| *node == Node::Any;
        if old_null != new_null && !old.is_null() && !new.is_null() && !is_any(old) && !is_any(new) {
            let subject = at.subject();
            let (rule, what, breaks) = if new_null {
                (
                    Rule::NullAdded,
                    format!("{subject} may be null now"),
                    at.way.widened(),
                )
            } else {
                (
                    Rule::NullRemoved,
                    format!("{subject} may be null no more"),
                    at.way.narrowed(),
                )
            };
            self.add(at, rule, what, breaks, "may read null");
        }
        let is_choice = |node: &Node| matches!(node, Node::Union(_) | Node::Literal(_));
        if is_choice(old) || is_choice(new) {
            if !matches!((old, new), (Node::Any, _) | (_, Node::Any)) {
                return self.choice(old, new, at);
            }
        } else if let (Node::Named(..), _) | (_, Node::Named(..)) = (old, new) {
            // A single arm of a union is looked up like any other; a name that is nobody's is compared as it is.
            if known(self.old, old) || known(self.new, new) {
                return self.compare(old, new, &at.deeper());
            }
        }
        self.same_kind(old, new, at);
    }

    fn pair(&mut self, old: &Node, new: &Node, at: &At) {
        let key = (old.text(), new.text(), at.way);
        let next = self.pairs.len();
        let pair = *self.pairs.entry(key).or_insert(next);
        if pair == next {
            let Node::Named(name, _) = new else { return };
            self.names.push(name.clone());
            self.users.push(BTreeSet::new());
            // A generic type that holds itself with larger arguments has no end.
            if new.text().len() < 400 {
                self.waiting.push_back((pair, old.clone(), new.clone(), at.way));
            }
        }
        if let Some(users) = self.users.get_mut(pair) {
            users.insert(at.owner.clone());
        }
    }

    /// Compares what is no name, no union and not null.
    fn same_kind(&mut self, old: &Node, new: &Node, at: &At) {
        let pair = (old, new);
        match pair {
            (Node::Number(old), Node::Number(new)) | (Node::BigInt(old), Node::BigInt(new)) => {
                if let (Some(old), Some(new)) = (old, new) {
                    self.numbers(old, new, at);
                }
            }
            (Node::Text(old), Node::Text(new)) => self.texts(old.as_deref(), new.as_deref(), at),
            (Node::Array(old), Node::Array(new)) | (Node::Set(old), Node::Set(new)) => {
                self.compare(old, new, &at.below("[]"));
            }
            (Node::Map(old_key, old), Node::Map(new_key, new))
            | (Node::Pairs(old_key, old), Node::Pairs(new_key, new)) => {
                self.keys(old_key, new_key, at, matches!(pair, (Node::Map(..), _)));
                self.compare(old, new, &at.below("[key]"));
            }
            (Node::Tuple(olds), Node::Tuple(news)) if olds.len() == news.len() => {
                for (index, (old, new)) in olds.iter().zip(news).enumerate() {
                    self.compare(old, new, &at.below(&format!("[{index}]")));
                }
            }
            (Node::Tuple(olds), Node::Tuple(news)) => {
                let what = format!(
                    "{} has {} elements (was {})",
                    at.subject(),
                    news.len(),
                    olds.len()
                );
                // TypeScript doesn't look at elements that it doesn't know.
                let (clients, servers) = (news.len() < olds.len(), news.len() > olds.len());
                let all_or_rust = |broken| if broken { Breaks::All } else { Breaks::Rust };
                let breaks = match at.way {
                    Way::Up => (Breaks::All, Breaks::All),
                    Way::Down => (all_or_rust(clients), all_or_rust(servers)),
                };
                self.add(at, Rule::TupleLength, what, breaks, "read `undefined`");
            }
            (Node::Object(old), Node::Object(new)) => self.objects(old, new, at),
            // Before those that are the same: the types that the text names may not be.
            (Node::Opaque(_), _) | (_, Node::Opaque(_)) | (Node::Named(..), Node::Named(..)) => {
                self.unreadable(old, new, at);
            }
            (old, new) if old == new => {}
            (_, Node::Any) => self.changed(Rule::TypeWidened, old, new, at, at.way.widened()),
            (Node::Any, _) => self.changed(Rule::TypeNarrowed, old, new, at, at.way.narrowed()),
            (Node::Tuple(items), Node::Array(item)) => {
                self.changed(Rule::ArrayTuple, old, new, at, at.way.widened());
                for (index, before) in items.iter().enumerate() {
                    self.compare(before, item, &at.below(&format!("[{index}]")));
                }
            }
            (Node::Array(item), Node::Tuple(items)) => {
                self.changed(Rule::ArrayTuple, old, new, at, at.way.narrowed());
                for (index, after) in items.iter().enumerate() {
                    self.compare(item, after, &at.below(&format!("[{index}]")));
                }
            }
            (Node::Set(before), Node::Array(after)) => {
                self.changed(Rule::Exact, old, new, at, at.way.widened());
                self.compare(before, after, &at.below("[]"));
            }
            (Node::Array(before), Node::Set(after)) => {
                self.changed(Rule::Exact, old, new, at, at.way.narrowed());
                self.compare(before, after, &at.below("[]"));
            }
            // Both are texts of RFC 3339.
            (Node::Text(Some(form)), Node::Exact(date)) | (Node::Exact(date), Node::Text(Some(form)))
                if date == "Date" && matches!(form.as_str(), "DateTime" | "Timestamp") =>
            {
                self.changed(Rule::Exact, old, new, at, (Breaks::Nobody, Breaks::Nobody));
            }
            (old, new) if is_exact(old) != is_exact(new) => {
                self.changed(Rule::Exact, old, new, at, (Breaks::All, Breaks::All));
            }
            (old, new) => self.changed(Rule::TypeChanged, old, new, at, (Breaks::All, Breaks::All)),
        }
    }

    pub(super) fn changed(&mut self, rule: Rule, old: &Node, new: &Node, at: &At, breaks: (Breaks, Breaks)) {
        let what = format!("{} is `{}` now (was `{}`)", at.subject(), new.text(), old.text());
        self.add(at, rule, what, breaks, "read a value of another type");
    }

    fn unreadable(&mut self, old: &Node, new: &Node, at: &At) {
        let text = new.text();
        if old.text() != text {
            return self.changed(Rule::Unreadable, old, new, at, (Breaks::All, Breaks::All));
        }
        // The text is the same, but not what stands behind the names in it. Arguments of generic types are lost.
        let words = text.split(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '$')));
        for name in words.collect::<BTreeSet<_>>() {
            if self.old.knows(name) && self.new.knows(name) {
                let named = Node::Named(name.to_owned(), Vec::new());
                self.compare(&named, &named, &at.deeper());
            }
        }
    }

    fn numbers(&mut self, old: &Number, new: &Number, at: &At) {
        let (wider, narrower) = (!old.holds(new), !new.holds(old));
        let (rule, breaks) = match (wider, narrower) {
            (false, false) => return,
            (true, false) => (Rule::NumberWidened, at.way.widened()),
            (false, true) => (Rule::NumberNarrowed, at.way.narrowed()),
            (true, true) => (Rule::NumberNarrowed, (Breaks::All, Breaks::All)),
        };
        let what = format!("{} is {} now (was {})", at.subject(), new.name, old.name);
        let breaks = at.way.unless_read_by_typescript(breaks);
        let values = (new.lacks(old), old.lacks(new));
        self.add_where(at, rule, what, breaks, "", Some(&values));
    }

    fn texts(&mut self, old: Option<&str>, new: Option<&str>, at: &At) {
        let breaks = match (old, new) {
            (old, new) if old == new => return,
            (Some(_), None) => at.way.widened(),
            (None, Some(_)) => at.way.narrowed(),
            _ => (Breaks::All, Breaks::All),
        };
        let name = |form: Option<&str>| form.unwrap_or("any text").to_owned();
        let what = format!("{} is {} now (was {})", at.subject(), name(new), name(old));
        self.add(
            at,
            Rule::StringForm,
            what,
            at.way.unless_read_by_typescript(breaks),
            "",
        );
    }

    /// Compares the keys of maps, which are texts if the map is an object.
    fn keys(&mut self, old: &Node, new: &Node, at: &At, are_texts: bool) {
        let at = at.below("(key)");
        let breaks = match (old, new) {
            (Node::Text(_), Node::Number(_)) if are_texts => at.way.narrowed(),
            (Node::Number(_), Node::Text(_)) if are_texts => at.way.widened(),
            _ => {
                let found = self.found.len();
                self.compare(old, new, &at);
                for (_, finding) in self.found.iter_mut().skip(found) {
                    finding.rule = Rule::MapKey;
                }
                return;
            }
        };
        self.changed(
            Rule::MapKey,
            old,
            new,
            &at,
            at.way.unless_read_by_typescript(breaks),
        );
    }
}

/// Returns an intersection as one object, or as a union of objects; as it is where it is neither.
pub(super) fn merged(types: Types<'_>, node: &Node) -> Node {
    let Node::Intersection(parts) = node else {
        return node.clone();
    };
    let mut alternatives = vec![Object::default()];
    let mut is_enum = false;
    for part in parts {
        let mut part = types.behind(part);
        // A name may stand for another one, or for an intersection.
        for _ in 0..DEPTH {
            part = match &part {
                Node::Named(..) => types.behind(&part),
                Node::Intersection(_) => merged(types, &part),
                _ => break,
            };
        }
        let objects: Vec<Object> = match part {
            Node::Object(object) => vec![object],
            // The rest of the fields, whatever they are: no matter which side knows them by name.
            Node::Map(_, value) if *value == Node::Any => vec![Object::default()],
            Node::Union(Union { arms, .. }) => {
                is_enum = true;
                let arms = arms.iter().map(|arm| match merged(types, &types.behind(arm)) {
                    Node::Object(object) => Some(object),
                    _ => None,
                });
                match arms.collect::<Option<Vec<_>>>() {
                    Some(objects) => objects,
                    None => return node.clone(),
                }
            }
            _ => return node.clone(),
        };
        alternatives = alternatives
            .iter()
            .flat_map(|left| objects.iter().map(|right| joined(left, right)))
            .take(256)
            .collect();
    }
    match alternatives.as_slice() {
        [only] if !is_enum => Node::Object(only.clone()),
        _ => Node::Union(Union {
            arms: alternatives.into_iter().map(Node::Object).collect(),
            is_enum,
            ..Union::default()
        }),
    }
}

fn joined(left: &Object, right: &Object) -> Object {
    let mut joined = left.clone();
    joined.fields.extend(right.fields.clone());
    joined.denies |= right.denies;
    joined
}

/// Returns whether a type may be null, and what it is otherwise.
pub(super) fn without_null(node: &Node) -> (bool, Node) {
    let Node::Union(union) = node else {
        return (node.is_null(), node.clone());
    };
    let rest: Vec<_> = union.arms.iter().filter(|arm| !arm.is_null()).cloned().collect();
    if rest.len() == union.arms.len() {
        return (false, node.clone());
    }
    match rest.as_slice() {
        [] => (true, Node::Null),
        [only] if !union.is_enum => (true, only.clone()),
        _ => (
            true,
            Node::Union(Union {
                arms: rest,
                ..union.clone()
            }),
        ),
    }
}

/// Whether a type has a wire form of its own beside the one that JSON has for it.
const fn is_exact(node: &Node) -> bool {
    matches!(
        node,
        Node::BigInt(_) | Node::Exact(_) | Node::Set(_) | Node::Pairs(..)
    )
}
