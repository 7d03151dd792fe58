//! Unions side by side: variants are paired by what tells them apart on the wire.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Breaks, Rule,
    node::{Node, Object, Types, Union},
    rule::Way,
    shape::{At, Walk, merged},
};

/// How the arms of a union are told apart: serde's four taggings, of which two look alike here.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Style {
    /// `"A"` or `{ "A": … }`.
    External,
    /// `{ "<tag>": "A", … }`.
    Tagged(String),
    /// By their form alone.
    Plain,
}

impl Style {
    const fn name(&self) -> &'static str {
        match self {
            Self::External => "by a key around it",
            Self::Tagged(_) => "by a field",
            Self::Plain => "by its form alone",
        }
    }
}

impl Walk<'_> {
    pub(super) fn choice(&mut self, old: &Node, new: &Node, at: &At) {
        let (mut before, mut after) = (Self::arms(self.old, old), Self::arms(self.new, new));
        // Null inside of an arm's name; that of the union itself is compared by then.
        before.arms.retain(|arm| !arm.is_null());
        after.arms.retain(|arm| !arm.is_null());
        // What is no enum, such as any text, is told from one as the arms of an untagged union are.
        let are_enums = before.is_enum && after.is_enum;
        let style = match common_style(&before, &after) {
            Some(style) => style,
            None if are_enums && !before.arms.is_empty() && !after.arms.is_empty() => {
                let (old, new) = (style(&before.arms), style(&after.arms));
                let what = format!(
                    "a variant{} is told {} now (was {})",
                    at.of(),
                    describe(&new),
                    describe(&old)
                );
                return self.add(
                    at,
                    Rule::Tagging,
                    what,
                    (Breaks::All, Breaks::All),
                    "read a value of another form",
                );
            }
            None => Style::Plain,
        };
        if style == Style::Plain {
            self.plain(&before.arms, &after.arms, at);
        } else {
            self.variants(&before, &after, &style, at);
        }
    }

    /// Returns the arms of a type, with those of named unions in place of their names.
    fn arms(types: Types<'_>, node: &Node) -> Union {
        let mut all = Union::default();
        let mut unread = vec![(node.clone(), 0)];
        while let Some((node, depth)) = unread.pop() {
            match node {
                Node::Union(union) => {
                    all.is_enum |= union.is_enum;
                    all.aliases.extend(union.aliases);
                    // In reverse, as the last one is taken first.
                    unread.extend(union.arms.into_iter().rev().map(|arm| (arm, depth)));
                }
                Node::Named(ref name, ref args) if depth < 16 => match types.resolve(name, args) {
                    Some(body @ (Node::Union(_) | Node::Literal(_) | Node::Named(..))) => {
                        unread.push((body, depth + 1))
                    }
                    _ => all.arms.push(node),
                },
                Node::Intersection(_) => match merged(types, &node) {
                    union @ Node::Union(_) => unread.push((union, depth + 1)),
                    merged => all.arms.push(merged),
                },
                node => all.arms.push(node),
            }
        }
        all
    }

    fn variants(&mut self, old: &Union, new: &Union, style: &Style, at: &At) {
        let by_name = |union: &Union| -> BTreeMap<String, Node> {
            let named = union
                .arms
                .iter()
                .filter_map(|arm| Some((name(arm, style)?, arm.clone())));
            named.collect()
        };
        let (before, after) = (by_name(old), by_name(new));
        let mut renamed = BTreeSet::new();
        for (name, arm) in &before {
            if let Some(other) = after.get(name) {
                self.variant(name, arm, other, style, at);
                continue;
            }
            let reads = |union: &Union, name: &str, alias: &String| {
                union
                    .aliases
                    .get(name)
                    .is_some_and(|aliases| aliases.contains(alias))
            };
            let twin = after.iter().find(|(other, _)| {
                !before.contains_key(*other) && (reads(new, other, name) || reads(old, name, other))
            });
            if let Some((other, after)) = twin {
                let breaks = match at.way {
                    Way::Up => (
                        Breaks::all_if(!reads(new, other, name)),
                        Breaks::all_if(!reads(old, name, other)),
                    ),
                    // An alias is read by serde, and by nobody else.
                    Way::Down => (Breaks::All, Breaks::All),
                };
                let what = format!("the variant `{name}`{} is called `{other}` now", at.of());
                self.add(at, Rule::VariantRenamed, what, breaks, UNKNOWN);
                self.variant(other, arm, after, style, at);
                renamed.insert(other.clone());
                continue;
            }
            let what = format!("the variant `{name}`{} is gone", at.of());
            self.add(at, Rule::VariantRemoved, what, at.way.narrowed(), UNKNOWN);
        }
        for name in after.keys() {
            if !before.contains_key(name) && !renamed.contains(name) {
                let what = format!("the variant `{name}`{} is new", at.of());
                self.add(at, Rule::VariantAdded, what, at.way.widened(), UNKNOWN);
            }
        }
    }

    /// Compares what a variant holds.
    fn variant(&mut self, name: &str, old: &Node, new: &Node, style: &Style, at: &At) {
        let at = at.below(name);
        match (style, old, new) {
            (Style::Tagged(tag), Node::Object(old), Node::Object(new)) => {
                let untagged = |object: &Object| {
                    let mut object = object.clone();
                    object.fields.remove(tag);
                    object
                };
                self.objects(&untagged(old), &untagged(new), &at);
            }
            (_, Node::Object(old), Node::Object(new)) => {
                if let (Some(old), Some(new)) = (old.fields.values().next(), new.fields.values().next()) {
                    self.compare(&old.node, &new.node, &at);
                }
            }
            (_, Node::Literal(_), Node::Literal(_)) => {}
            _ => {
                let now = if matches!(new, Node::Literal(_)) {
                    "holds nothing now"
                } else {
                    "holds a value now"
                };
                let what = format!("{} {now}", at.subject());
                self.add(
                    &at,
                    Rule::TypeChanged,
                    what,
                    (Breaks::All, Breaks::All),
                    "read a value of another form",
                );
            }
        }
    }

    /// Pairs arms that are the same, then those of one kind, and says what is left.
    fn plain(&mut self, old: &[Node], new: &[Node], at: &At) {
        let (mut old, mut new) = (old.to_vec(), new.to_vec());
        let same = |left: &Node, right: &Node| left == right;
        let mut pairs = take_pairs(&mut old, &mut new, same);
        pairs.extend(take_pairs(&mut old, &mut new, is_alike));
        // The name of a type isn't on the wire.
        pairs.extend(take_pairs(&mut old, &mut new, |old, new| match (old, new) {
            (Node::Named(old, _), Node::Named(new, _)) => !self.new.knows(old) && !self.old.knows(new),
            _ => false,
        }));
        // Literals are paired if they are the same, and hold nothing.
        for (old, new) in pairs.iter().filter(|(old, _)| !matches!(old, Node::Literal(_))) {
            self.compare(old, new, at);
        }
        // A literal is one of the texts, or one of the numbers.
        let held = |by: &[Node], node: &Node| {
            by.iter().any(|other| match (other, node) {
                (Node::Any, _) => true,
                (Node::Text(_), Node::Literal(text)) => text.starts_with('"'),
                (Node::Bool, Node::Literal(text)) => matches!(text.as_str(), "true" | "false"),
                (Node::Number(_), Node::Literal(text)) => text.parse::<f64>().is_ok(),
                _ => false,
            })
        };
        let (before, after) = (old.clone(), new.clone());
        for node in old.iter().filter(|node| !held(&after, node)) {
            let what = format!("{} is `{}` no more", at.subject(), node.text());
            self.add(at, Rule::TypeNarrowed, what, at.way.narrowed(), UNKNOWN);
        }
        for node in new.iter().filter(|node| !held(&before, node)) {
            let what = format!("{} may be `{}` now", at.subject(), node.text());
            self.add(at, Rule::TypeWidened, what, at.way.widened(), UNKNOWN);
        }
    }
}

/// Takes out the pairs for which `are_alike`.
fn take_pairs(
    old: &mut Vec<Node>,
    new: &mut Vec<Node>,
    are_alike: impl Fn(&Node, &Node) -> bool,
) -> Vec<(Node, Node)> {
    let mut pairs = Vec::new();
    old.retain(|before| {
        let found = new.iter().position(|after| are_alike(before, after));
        if let Some(index) = found {
            pairs.push((before.clone(), new.remove(index)));
        }
        found.is_none()
    });
    pairs
}

/// Whether two arms are of one kind, so that a difference lies deeper.
fn is_alike(old: &Node, new: &Node) -> bool {
    match (old, new) {
        (Node::Named(old, _), Node::Named(new, _)) => old == new,
        // One that shares no field is another one.
        (Node::Object(old), Node::Object(new)) => old.fields.keys().any(|key| new.fields.contains_key(key)),
        (Node::Literal(_), _) | (_, Node::Literal(_)) => false,
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    }
}

/// What a variant is called, if the arm is one under `style`.
fn name(arm: &Node, style: &Style) -> Option<String> {
    let text = |node: &Node| match node {
        Node::Literal(text) => Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned()),
        _ => None,
    };
    match (style, arm) {
        (Style::External, Node::Literal(_)) => text(arm),
        (Style::External, Node::Object(object)) if object.fields.len() == 1 => {
            let (key, field) = object.fields.first_key_value()?;
            (!field.may_be_missing).then(|| key.clone())
        }
        (Style::Tagged(tag), Node::Object(object)) => text(&object.fields.get(tag)?.node),
        _ => None,
    }
}

fn fits(arms: &[Node], style: &Style) -> bool {
    let names: BTreeSet<_> = arms.iter().filter_map(|arm| name(arm, style)).collect();
    names.len() == arms.len()
}

/// Tags that may tell the arms apart.
fn tags(arms: &[Node]) -> Vec<Style> {
    match arms.first() {
        Some(Node::Object(object)) => {
            let styles = object.fields.keys().map(|key| Style::Tagged(key.clone()));
            styles.filter(|style| fits(arms, style)).collect()
        }
        _ => Vec::new(),
    }
}

/// The style under which both sides have variants.
fn common_style(old: &Union, new: &Union) -> Option<Style> {
    let both = |style: &Style| fits(&old.arms, style) && fits(&new.arms, style);
    let first = if old.arms.is_empty() { &new.arms } else { &old.arms };
    // A tag first: `{ "kind": "A" }` alone would also do as a key around a text.
    let mut styles = tags(first);
    styles.push(Style::External);
    if let Some(style) = styles.into_iter().find(both) {
        return Some(style);
    }
    let plain = style(&old.arms) == Style::Plain && style(&new.arms) == Style::Plain;
    plain.then_some(Style::Plain)
}

fn style(arms: &[Node]) -> Style {
    let mut styles = tags(arms);
    styles.push(Style::External);
    styles
        .into_iter()
        .find(|style| fits(arms, style))
        .unwrap_or(Style::Plain)
}

fn describe(style: &Style) -> String {
    match style {
        Style::Tagged(tag) => format!("by the field `{tag}`"),
        style => style.name().to_owned(),
    }
}

/// What becomes of a client that gets a variant which it doesn't have.
const UNKNOWN: &str = "may read a value that they don't know";
