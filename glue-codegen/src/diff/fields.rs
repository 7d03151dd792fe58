//! Objects side by side: arguments, structs, variants with fields.

use std::collections::BTreeSet;

use super::{
    Breaks, Rule,
    node::{Field, Node, Object},
    rule::Way,
    shape::{At, Walk, without_null},
};

impl Walk<'_> {
    pub(super) fn objects(&mut self, old: &Object, new: &Object, at: &At) {
        if old.denies != new.denies {
            let now = if new.denies { "refused" } else { "ignored" };
            // By itself it breaks nobody; what it makes of other changes is said there.
            let what = format!("fields that {} doesn't have are {now} now", at.subject());
            self.add(
                at,
                Rule::UnknownFields,
                what,
                (Breaks::Nobody, Breaks::Nobody),
                "",
            );
        }
        let mut renamed = BTreeSet::new();
        for (name, before) in &old.fields {
            if let Some(after) = new.fields.get(name) {
                self.field(name, before, after, at);
                continue;
            }
            let alias = new.fields.iter().find(|(other, after)| {
                !old.fields.contains_key(*other)
                    && (after.aliases.contains(name) || before.aliases.contains(other))
            });
            match alias {
                Some((other, after)) => {
                    renamed.insert(other);
                    self.renamed((name, before), (other, after), at);
                }
                None => self.removed(name, before, old, new, at),
            }
        }
        for (name, after) in &new.fields {
            if !old.fields.contains_key(name) && !renamed.contains(name) {
                self.added(name, after, old, new, at);
            }
        }
    }

    fn added(&mut self, name: &str, after: &Field, old: &Object, new: &Object, at: &At) {
        let breaks = match at.way {
            Way::Up => (Breaks::all_if(!after.default), Breaks::all_if(old.denies)),
            Way::Down => (Breaks::rust_if(old.denies), Breaks::all_if(!after.may_be_missing)),
        };
        let rule = if at.is_argument() {
            Rule::ArgumentAdded
        } else {
            Rule::FieldAdded
        };
        // The same words for both ways, so that a type that goes both is told once.
        let kind = if after.default || after.may_be_missing {
            "new and may be left out"
        } else {
            "new and required"
        };
        let what = format!("{} is {kind}", at.field(name));
        let twin = old
            .fields
            .iter()
            .find(|(name, _)| !new.fields.contains_key(*name));
        let what = hint(
            what,
            twin.filter(|(_, twin)| twin.node == after.node)
                .map(|(name, _)| name),
            "renamed from",
        );
        self.add(at, rule, what, breaks, "read `undefined`");
    }

    fn removed(&mut self, name: &str, before: &Field, old: &Object, new: &Object, at: &At) {
        let breaks = match at.way {
            Way::Up => (Breaks::all_if(new.denies), Breaks::all_if(!before.default)),
            Way::Down => (
                Breaks::all_if(!before.may_be_missing),
                Breaks::rust_if(new.denies),
            ),
        };
        let rule = if at.is_argument() {
            Rule::ArgumentRemoved
        } else {
            Rule::FieldRemoved
        };
        let what = format!("{} is gone", at.field(name));
        let twin = new
            .fields
            .iter()
            .find(|(name, _)| !old.fields.contains_key(*name));
        let what = hint(
            what,
            twin.filter(|(_, twin)| twin.node == before.node)
                .map(|(name, _)| name),
            "renamed to",
        );
        self.add(at, rule, what, breaks, "read `undefined`");
    }

    fn renamed(&mut self, (name, before): (&str, &Field), (other, after): (&str, &Field), at: &At) {
        let (reads_old, reads_new) = (
            after.aliases.iter().any(|alias| alias == name),
            before.aliases.iter().any(|alias| alias == other),
        );
        let breaks = match at.way {
            Way::Up => (Breaks::all_if(!reads_old), Breaks::all_if(!reads_new)),
            // An alias is read by serde, and by nobody else.
            Way::Down => (Breaks::All, Breaks::All),
        };
        let read = if reads_old {
            ", and read by its old name as well"
        } else {
            ""
        };
        let what = format!("{} is called `{other}` now{read}", at.field(name));
        self.add(at, Rule::FieldRenamed, what, breaks, "read `undefined`");
        self.field(
            other,
            &Field {
                aliases: Vec::new(),
                ..before.clone()
            },
            after,
            at,
        );
    }

    fn field(&mut self, name: &str, before: &Field, after: &Field, at: &At) {
        let ((old_null, old), (new_null, new)) = (without_null(&before.node), without_null(&after.node));
        // Null is among whatever there is.
        let (old_null, new_null) = match (&old, &new) {
            (Node::Any, _) | (_, Node::Any) => (false, false),
            _ => (old_null, new_null),
        };
        let widened = (after.may_be_missing && !before.may_be_missing) || (new_null && !old_null);
        let narrowed = (before.may_be_missing && !after.may_be_missing) || (old_null && !new_null);
        // Null alone, of which only the value is another, is compared as a whole.
        let is_null = old.is_null() || new.is_null();
        let field = at.field(name);
        let breaks = match at.way {
            Way::Up => (
                Breaks::all_if(before.may_be_missing && !after.default || old_null && !new_null),
                Breaks::all_if(after.may_be_missing && !before.default || new_null && !old_null),
            ),
            Way::Down => (Breaks::all_if(widened), Breaks::all_if(narrowed)),
        };
        let (required, optional) = if at.is_argument() {
            (Rule::ArgumentRequired, Rule::ArgumentOptional)
        } else {
            (Rule::FieldRequired, Rule::FieldOptional)
        };
        let reads = if after.may_be_missing != before.may_be_missing {
            "may read `undefined`"
        } else {
            "may read null"
        };
        if is_null && (before.may_be_missing, before.default) == (after.may_be_missing, after.default) {
            return self.compare(&before.node, &after.node, &at.below(name));
        }
        if narrowed {
            self.add(
                at,
                required,
                format!("{field} is now required (was optional)"),
                breaks,
                reads,
            );
        } else if widened {
            self.add(
                at,
                optional,
                format!("{field} is now optional (was required)"),
                breaks,
                reads,
            );
        } else if before.default != after.default {
            let now = if after.default {
                "may be left out"
            } else {
                "may be left out no more"
            };
            let what = format!("{field} {now} where it is read, which no client that is generated does");
            self.add(
                at,
                Rule::FieldDefault,
                what,
                (Breaks::Nobody, Breaks::Nobody),
                reads,
            );
        }
        self.compare(&old, &new, &at.below(name));
    }
}

fn hint(what: String, twin: Option<&String>, how: &str) -> String {
    match twin {
        Some(twin) => format!("{what} ({how} `{twin}`?)"),
        None => what,
    }
}
