//! Compares what serde writes and reads with what the TypeScript type says.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt::Debug;

use glue::__private::schema::{Channel, Collector, Kind, collect};
use glue::__private::ts_rs::TS;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::typescript::{Declaration, Type, parse, parse_declaration};

/// A type of TypeScript, and the declarations that it needs.
pub(crate) struct Mirror {
    text: String,
    ty: Type,
    texts: BTreeMap<String, String>,
    declarations: BTreeMap<String, Declaration>,
}

/// Asserts that the JSON of each value is of the TypeScript type and reads back as the value.
#[track_caller]
pub(crate) fn sends<T: TS + Serialize + DeserializeOwned + Debug + 'static>(
    values: impl IntoIterator<Item = T>,
) -> Mirror {
    let mirror = Mirror::of::<T>();
    for value in values {
        let json = serde_json::to_value(&value).unwrap();
        mirror.assert_has::<T>(&json);
        let back: T =
            serde_json::from_str(&json.to_string()).unwrap_or_else(|error| panic!("{json}: {error}"));
        // Not every type can be compared; every one can be written again.
        assert_eq!(serde_json::to_value(&back).unwrap(), json);
    }
    mirror
}

/// As [`sends`], and asserts that values made up after the TypeScript type are read, and written again as such.
///
/// For types all of whose texts, numbers and so on may be any text or number.
#[track_caller]
pub(crate) fn mirrors<T: TS + Serialize + DeserializeOwned + Debug + 'static>(
    values: impl IntoIterator<Item = T>,
) -> Mirror {
    let mirror = sends(values);
    let samples = mirror.samples(&mirror.ty, 3);
    assert!(!samples.is_empty(), "no value of {}", mirror.text);
    for json in samples {
        let read = serde_json::from_str::<T>(&json.to_string());
        let value = read.unwrap_or_else(|error| panic!("{} allows {json}, but {error}", mirror.text));
        mirror.assert_has::<T>(&serde_json::to_value(&value).unwrap());
    }
    mirror
}

impl Mirror {
    /// Asks ts-rs, the way glue-codegen does.
    #[track_caller]
    pub(crate) fn of<T: TS + 'static>() -> Self {
        fn describe<T: TS + 'static>(collector: &mut Collector) {
            let shape = collector.shape::<T>();
            collector.method("value", &[], Kind::Call, vec![], Some(shape), None);
        }
        let schema = collect(&Channel {
            krate: "",
            module: "",
            name: "",
            channel: "",
            docs: &[],
            file: "",
            line: 0,
            describe: describe::<T>,
        });
        assert_eq!(schema.errors, Vec::<String>::new(), "{}", type_name::<T>());
        let text = schema.methods[0].ret.clone().unwrap();
        let declarations = schema
            .types
            .iter()
            .map(|ty| (ty.ident.clone(), parse_declaration(&ty.decl)));
        Self {
            ty: parse(&text),
            declarations: declarations.collect(),
            texts: schema
                .types
                .iter()
                .map(|ty| (ty.ident.clone(), ty.decl.clone()))
                .collect(),
            text,
        }
    }

    /// The text of a declaration.
    pub(crate) fn declaration(&self, name: &str) -> &str {
        &self.texts[name]
    }

    /// The text of the type.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    #[track_caller]
    fn assert_has<T>(&self, json: &Value) {
        assert!(
            self.has(&self.ty, json),
            "{}: {json} is not of the type {} where {:?}",
            type_name::<T>(),
            self.text,
            self.declarations
        );
    }

    /// Whether the value is of the type, and holds nothing that the type doesn't tell.
    pub(crate) fn has(&self, ty: &Type, json: &Value) -> bool {
        self.alternatives(ty).iter().any(|ty| self.is(ty, json))
    }

    /// Whether the value is of a type that is neither union nor intersection nor a declared name.
    fn is(&self, ty: &Type, json: &Value) -> bool {
        match ty {
            Type::Literal(literal) => literal == json,
            Type::Object(members) => json.as_object().is_some_and(|object| {
                let known = |key: &String| members.iter().any(|(name, ..)| name == key);
                object.keys().all(known)
                    && members.iter().all(|(name, optional, ty)| match object.get(name) {
                        Some(value) => self.has(ty, value),
                        None => *optional,
                    })
            }),
            Type::Mapped(key, optional, value) => json.as_object().is_some_and(|object| {
                let keys = self.alternatives(key);
                let complete = *optional
                    || keys.iter().all(|key| match key {
                        Type::Literal(Value::String(key)) => object.contains_key(key),
                        _ => true,
                    });
                complete
                    && object
                        .iter()
                        .all(|(name, json)| keys.iter().any(|key| is_key(key, name)) && self.has(value, json))
            }),
            Type::Tuple(elements) => json.as_array().is_some_and(|array| {
                let required = elements.iter().filter(|(_, optional)| !optional).count();
                (required..=elements.len()).contains(&array.len())
                    && array
                        .iter()
                        .zip(elements)
                        .all(|(json, (ty, _))| self.has(ty, json))
            }),
            Type::Name(name, arguments) => match (name.as_str(), arguments.as_slice()) {
                ("string", []) => json.is_string(),
                ("number", []) => json.is_number(),
                ("boolean", []) => json.is_boolean(),
                ("null", []) => json.is_null(),
                ("unknown", []) => true,
                ("Record", [Type::Name(symbol, _), _]) if symbol == "symbol" => json == &json!({}),
                ("Array", [item]) => json
                    .as_array()
                    .is_some_and(|array| array.iter().all(|json| self.has(item, json))),
                ("bigint", []) => json
                    .as_str()
                    .is_some_and(|text| text.parse::<i128>().is_ok() || text.parse::<u128>().is_ok()),
                ("Uint8Array", []) => json.as_str().is_some_and(|text| text.len() % 4 == 0),
                ("Date", []) => json
                    .as_str()
                    .is_some_and(|text| text.as_bytes().get(10) == Some(&b'T')),
                ("Set", [item]) => self.has(&Type::Name("Array".into(), vec![item.clone()]), json),
                ("Map", [key, value]) => {
                    let pair = Type::Tuple(vec![(key.clone(), false), (value.clone(), false)]);
                    self.has(&Type::Name("Array".into(), vec![pair]), json)
                }
                ("never", []) => false,
                _ => panic!("what is {name} of {arguments:?}?"),
            },
            Type::Union(_) | Type::Intersection(_) => unreachable!("taken apart"),
        }
    }

    /// The types whose union this is; none of them is a union, an intersection or a declared name.
    fn alternatives(&self, ty: &Type) -> Vec<Type> {
        match ty {
            Type::Union(types) => types.iter().flat_map(|ty| self.alternatives(ty)).collect(),
            Type::Intersection(types) => {
                let parts = types.iter().map(|ty| self.alternatives(ty));
                parts
                    .reduce(|left, right| {
                        let both = |left: &Type| {
                            right
                                .iter()
                                .filter_map(|right| intersect(left, right))
                                .collect::<Vec<_>>()
                        };
                        left.iter().flat_map(both).collect()
                    })
                    .unwrap()
            }
            Type::Name(name, arguments) => match self.declarations.get(name) {
                Some((parameters, ty)) => {
                    let values: BTreeMap<_, _> = parameters.iter().zip(arguments).collect();
                    self.alternatives(&substitute(ty, &values))
                }
                None => vec![ty.clone()],
            },
            _ => vec![ty.clone()],
        }
    }

    /// Values of the type: each alternative, what may be missing there and missing, lists empty and with one element.
    fn samples(&self, ty: &Type, depth: usize) -> Vec<Value> {
        let mut types = self.alternatives(ty);
        let is_leaf = |ty: &Type| !matches!(ty, Type::Object(_) | Type::Tuple(_));
        if depth == 0 && types.iter().any(is_leaf) {
            types.retain(is_leaf);
        }
        types.iter().flat_map(|ty| self.samples_of(ty, depth)).collect()
    }

    fn samples_of(&self, ty: &Type, depth: usize) -> Vec<Value> {
        match ty {
            Type::Literal(literal) => vec![literal.clone()],
            Type::Object(members) => {
                let mut samples = vec![Map::new()];
                for (name, optional, ty) in members {
                    let values = self.samples(ty, depth.saturating_sub(1));
                    let with = |object: &Map<String, Value>, value: &Value| {
                        let mut object = object.clone();
                        object.insert(name.clone(), value.clone());
                        object
                    };
                    // Not all combinations: each value of this member once, the others by turns.
                    let mut next: Vec<_> = values
                        .iter()
                        .enumerate()
                        .map(|(at, value)| with(&samples[at % samples.len()], value))
                        .collect();
                    if let Some(value) = values.first() {
                        next.extend(
                            samples
                                .iter()
                                .skip(values.len())
                                .map(|object| with(object, value)),
                        );
                    }
                    if *optional {
                        next.extend(samples.iter().cloned());
                    }
                    samples = next;
                    if samples.is_empty() {
                        return Vec::new();
                    }
                }
                samples.into_iter().map(Value::Object).collect()
            }
            Type::Mapped(key, optional, value) => {
                let mut samples = if *optional
                    || self
                        .alternatives(key)
                        .iter()
                        .all(|key| !matches!(key, Type::Literal(_)))
                {
                    vec![json!({})]
                } else {
                    Vec::new()
                };
                for value in self.samples(value, depth.saturating_sub(1)) {
                    let keys = self.alternatives(key).into_iter().map(|key| match key {
                        Type::Literal(Value::String(text)) => text,
                        Type::Name(name, _) if name == "number" => "7".into(),
                        _ => "key".into(),
                    });
                    samples.push(Value::Object(keys.map(|key| (key, value.clone())).collect()));
                }
                samples
            }
            Type::Tuple(elements) => {
                let mut samples = vec![Vec::new()];
                for (ty, _) in elements {
                    let values = self.samples(ty, depth.saturating_sub(1));
                    let count = samples.len().max(values.len());
                    samples = (0..if values.is_empty() { 0 } else { count })
                        .map(|at| {
                            [
                                samples[at % samples.len()].clone(),
                                vec![values[at % values.len()].clone()],
                            ]
                            .concat()
                        })
                        .collect();
                }
                samples.into_iter().map(Value::Array).collect()
            }
            Type::Name(name, arguments) => match (name.as_str(), arguments.as_slice()) {
                ("string", []) => vec![json!("text")],
                ("number", []) => vec![json!(7)],
                ("boolean", []) => vec![json!(true), json!(false)],
                ("null", []) => vec![json!(null)],
                ("Record", _) => vec![json!({})],
                ("Array", [item]) => {
                    let mut samples = vec![json!([])];
                    if depth > 0 {
                        samples.extend(
                            self.samples(item, depth - 1)
                                .into_iter()
                                .map(|value| json!([value])),
                        );
                    }
                    samples
                }
                ("bigint", []) => vec![json!("7")],
                ("Uint8Array", []) => vec![json!("AQI=")],
                ("Date", []) => vec![json!("1970-01-01T00:00:00.000Z")],
                ("Set", [item]) => self.samples(&Type::Name("Array".into(), vec![item.clone()]), depth),
                ("Map", [key, value]) => {
                    let pair = Type::Tuple(vec![(key.clone(), false), (value.clone(), false)]);
                    self.samples(&Type::Name("Array".into(), vec![pair]), depth)
                }
                ("never", []) => Vec::new(),
                _ => panic!("what is {name} of {arguments:?}?"),
            },
            Type::Union(_) | Type::Intersection(_) => unreachable!("taken apart"),
        }
    }
}

fn is_key(key: &Type, name: &str) -> bool {
    match key {
        Type::Literal(literal) => literal == name,
        Type::Name(ty, _) if ty == "string" => true,
        Type::Name(ty, _) if ty == "number" => {
            name.parse::<f64>().is_ok_and(|number| number.to_string() == name)
        }
        Type::Name(ty, _) if ty == "boolean" => ["true", "false"].contains(&name),
        _ => false,
    }
}

/// What is of both types; `None` if nothing is.
fn intersect(left: &Type, right: &Type) -> Option<Type> {
    match (left, right) {
        (Type::Object(left), Type::Object(right)) => {
            let mut members = left.clone();
            for (name, optional, ty) in right {
                match members.iter_mut().find(|(other, ..)| other == name) {
                    None => members.push((name.clone(), *optional, ty.clone())),
                    Some(member) => {
                        member.1 &= optional;
                        if member.2 != *ty {
                            member.2 = Type::Intersection(vec![member.2.clone(), ty.clone()]);
                        }
                    }
                }
            }
            Some(Type::Object(members))
        }
        // Nothing but an index signature of `never`: no key of its own, and none it forbids but texts.
        (Type::Name(record, _), other @ Type::Object(_))
        | (other @ Type::Object(_), Type::Name(record, _))
            if record == "Record" =>
        {
            Some(other.clone())
        }
        (left, right) => (left == right).then(|| left.clone()),
    }
}

fn substitute(ty: &Type, values: &BTreeMap<&String, &Type>) -> Type {
    let all = |types: &[Type]| types.iter().map(|ty| substitute(ty, values)).collect();
    match ty {
        Type::Name(name, arguments) => match values.get(name) {
            Some(value) => (*value).clone(),
            None => Type::Name(name.clone(), all(arguments)),
        },
        Type::Literal(literal) => Type::Literal(literal.clone()),
        Type::Object(members) => Type::Object(
            members
                .iter()
                .map(|(name, optional, ty)| (name.clone(), *optional, substitute(ty, values)))
                .collect(),
        ),
        Type::Mapped(key, optional, value) => Type::Mapped(
            Box::new(substitute(key, values)),
            *optional,
            Box::new(substitute(value, values)),
        ),
        Type::Tuple(elements) => Type::Tuple(
            elements
                .iter()
                .map(|(ty, optional)| (substitute(ty, values), *optional))
                .collect(),
        ),
        Type::Union(types) => Type::Union(all(types)),
        Type::Intersection(types) => Type::Intersection(all(types)),
    }
}
