//! Makes up models, one after the other.
//!
//! Only what `#[glue::model]` takes, and nothing that JSON can't tell apart; each such rule stands at the place that keeps it.

mod enums;
mod fields;
mod structs;

use super::known::Known;
use super::names::{self, DOCS, ODD, literal};
use super::random::Random;
use super::types::{Body, Facts, Leaf, Model, Nullable, PARAMS, Param, Ty};

/// Makes up `count` models and the types that methods send.
pub(crate) fn grow(seed: u64, count: usize, left_out: &[Known]) -> Package {
    let mut grower = Grower {
        random: Random::new(seed),
        models: Vec::new(),
        count,
        left_out: left_out.to_vec(),
        context: Context::default(),
        is_awaited: false,
    };
    while grower.models.len() < count {
        grower.model();
    }
    let roots = grower.roots();
    Package {
        models: grower.models,
        roots,
    }
}

/// What a generated package holds.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) models: Vec<Model>,
    /// The types that methods send and take.
    pub(crate) roots: Vec<Ty>,
}

/// The state of the generation.
struct Grower {
    random: Random,
    models: Vec<Model>,
    count: usize,
    left_out: Vec<Known>,
    /// Of the model that is being made.
    context: Context,
    /// Whether the model before refers to the one that is being made.
    is_awaited: bool,
}

/// What holds for all of a model.
#[derive(Debug, Clone, Default)]
struct Context {
    params: Vec<Param>,
    /// Whether serde buffers what is inside.
    is_buffered: bool,
    /// Whether it may be in a set; then no floats, no recursion.
    is_hashable: bool,
    /// Whether the model may refer to itself and to the next one; not in what must end.
    may_recurse: bool,
    /// Whether a method names it, which `Box<[T]>` and `Box<str>` are refused for.
    is_signature: bool,
}

impl Grower {
    fn leaves_out(&self, known: Known) -> bool {
        self.left_out.contains(&known)
    }

    /// Makes the next model.
    fn model(&mut self) {
        let number = self.models.len();
        let name = format!(
            "M{number}{}",
            *self
                .random
                .choose(&["", "Page", "Event", "State", "_Odd", "Größe"])
        );
        // Another refers to it already, by a text without arguments, and from wherever it likes.
        let is_awaited = std::mem::take(&mut self.is_awaited);
        let is_generic = !is_awaited && self.random.chance(20);
        let params = if is_generic {
            1 + self.random.below(PARAMS.len())
        } else {
            0
        };
        self.context = Context {
            params: vec![Param::default(); params],
            is_buffered: is_awaited,
            is_hashable: false,
            may_recurse: true,
            is_signature: false,
        };
        let mut model = match self.random.below(100) {
            0..=9 if !is_awaited && params == 0 => self.key(),
            0..=36 => self.named_struct(),
            37..=44 => self.tuple_struct(),
            45..=50 => self.newtype(),
            51..=54 if params == 0 => self.unit_struct(),
            51..=66 => self.external(),
            67..=78 => self.internal(),
            79..=89 => self.adjacent(),
            _ => self.untagged(),
        };
        model.docs = self.docs();
        model.name = name;
        model.params.clone_from(&self.context.params);
        self.use_params(&mut model);
        if self.random.chance(5) {
            model
                .serde
                .push(format!("rename = {}", literal(&format!("Renamed{number}"))));
        }
        let types: Vec<_> = model.body.fields().into_iter().map(|field| &field.ty).collect();
        model.facts.is_bufferable = types.iter().all(|ty| ty.is_bufferable(&self.models));
        self.models.push(model);
    }

    /// Rust wants each parameter used.
    fn use_params(&mut self, model: &mut Model) {
        for (number, name) in PARAMS.iter().enumerate().take(model.params.len()) {
            let is_used = model
                .body
                .fields()
                .iter()
                .any(|field| field.ty.uses(number, self.models.len()) && !field.is_skipped);
            if is_used {
                continue;
            }
            let (ident, ty) = (format!("of_{}", name.to_lowercase()), Ty::Param(number));
            match &mut model.body {
                Body::Struct(fields) => structs::add(fields, ident, ty),
                // As the last one: the first must stay the one that ends a recursion.
                Body::Enum(variants) => enums::add(variants, ident, ty),
            }
            if let Some(keys) = &mut model.facts.keys {
                keys.push(names::same_name(&format!("of_{}", name.to_lowercase())));
            }
        }
    }

    /// A name on the wire that no identifier could be.
    fn odd_name(&mut self) -> &'static str {
        self.random.choose::<&str>(ODD)
    }

    fn docs(&mut self) -> Vec<String> {
        let count = if self.random.chance(25) {
            1 + self.random.below(2)
        } else {
            0
        };
        (0..count)
            .map(|_| (*self.random.choose(DOCS)).to_owned())
            .collect()
    }

    /// What a field may be.
    fn ty(&mut self, depth: usize) -> Ty {
        let params = self.context.params.len();
        let picked = match self.random.below(100) {
            _ if depth > 3 => self.leaf(),
            0..=34 => self.leaf(),
            35..=49 => self.reference(depth),
            50..=58 => self.option(depth),
            59..=66 => Ty::Vec(Box::new(self.ty(depth + 1))),
            67..=73 => self.map(depth),
            74..=77 => self.set(depth),
            78..=80 => {
                let count = self.random.below(4);
                Ty::Array(Box::new(self.ty(depth + 1)), count)
            }
            81..=84 => {
                let count = 1 + self.random.below(4);
                Ty::Tuple((0..count).map(|_| self.ty(depth + 1)).collect())
            }
            85 => Ty::Boxed(Box::new(self.ty(depth + 1))),
            86 if !self.context.is_signature => Ty::Slice(Box::new(self.ty(depth + 1))),
            87 => Ty::Range(Box::new(self.leaf())),
            88..=89 => Ty::Exact(Box::new(self.exact())),
            90 => Ty::Result(Box::new(self.ty(depth + 1)), Box::new(self.ty(depth + 1))),
            91..=95 if self.context.may_recurse => self.recursion(),
            _ if params > 0 => Ty::Param(self.random.below(params)),
            _ => self.leaf(),
        };
        if self.fits(&picked) { picked } else { self.leaf() }
    }

    /// Whether a type may stand in the model that is being made.
    fn fits(&self, ty: &Ty) -> bool {
        (!self.context.is_buffered || !self.leaves_out(Known::WideIntegersBuffered) || ty.is_bufferable(&self.models))
            && (!self.context.is_hashable || ty.is_hashable(&self.models))
            // A model of models of models … would be larger with each.
            && ty.weight(&self.models) < HEAVY
    }

    fn leaf(&mut self) -> Ty {
        loop {
            let leaf = self.random.choose(LEAVES);
            let ty = Ty::Leaf(leaf);
            let is_wide = leaf.rust.ends_with("128");
            let is_refused = self.context.is_signature && leaf.rust.ends_with("str>");
            let is_left_out =
                self.context.is_buffered && is_wide && self.leaves_out(Known::WideIntegersBuffered);
            if !is_refused && !is_left_out && (!self.context.is_hashable || leaf.is_hashable) {
                return ty;
            }
        }
    }

    /// `Option<Option<T>>`, `Option<()>` and the like can't tell `None` from `Some` in JSON, as the guide says.
    fn option(&mut self, depth: usize) -> Ty {
        let mut inner = self.ty(depth + 1);
        if let Ty::Param(number) = inner {
            self.context.params[number].not_null = true;
        } else if inner.is_nullable(&self.models, &self.context.params) {
            inner = Ty::Leaf(&LEAVES[0]);
        }
        Ty::Option(Box::new(inner))
    }

    fn map(&mut self, depth: usize) -> Ty {
        let key = loop {
            let key = self.key_of_map();
            let is_left_out = self.context.is_buffered && self.leaves_out(Known::OtherKeysBuffered);
            let probe = Ty::Map {
                name: "BTreeMap",
                key: Box::new(key.clone()),
                value: Box::new(Ty::Leaf(&LEAVES[0])),
            };
            if !is_left_out || probe.is_bufferable(&self.models) {
                break key;
            }
        };
        let name = *self.random.choose(&["HashMap", "BTreeMap"]);
        Ty::Map {
            name,
            key: Box::new(key),
            value: Box::new(self.ty(depth + 1)),
        }
    }

    fn key_of_map(&mut self) -> Ty {
        let keys: Vec<_> = self
            .models
            .iter()
            .enumerate()
            .filter(|(_, model)| model.facts.is_key)
            .collect();
        if !keys.is_empty() && self.random.chance(35) {
            return Ty::Model(self.random.choose(&keys).0, Vec::new());
        }
        let rust = *self
            .random
            .choose(&["String", "String", "u32", "i64", "char", "bool", "u8"]);
        Ty::Leaf(LEAVES.iter().find(|leaf| leaf.rust == rust).unwrap_or(&LEAVES[0]))
    }

    /// What can travel exactly.
    fn exact(&mut self) -> Ty {
        let ty = match self.random.below(10) {
            0..=5 => Ty::Leaf(self.random.choose(EXACT)),
            6 => self.set(2),
            7 if !self.context.is_hashable => {
                let Ty::Set { item, .. } = self.set(2) else {
                    return Ty::Leaf(&EXACT[0]);
                };
                let name = *self.random.choose(&["HashMap", "BTreeMap"]);
                Ty::Map {
                    name,
                    key: item,
                    value: Box::new(self.ty(3)),
                }
            }
            8 => Ty::Option(Box::new(Ty::Leaf(self.random.choose(EXACT)))),
            _ => Ty::Vec(Box::new(Ty::Leaf(self.random.choose(EXACT)))),
        };
        let is_fit = self.fits(&Ty::Exact(Box::new(ty.clone())));
        if is_fit { ty } else { Ty::Leaf(&EXACT[0]) }
    }

    fn set(&mut self, depth: usize) -> Ty {
        let outer = std::mem::replace(&mut self.context.is_hashable, true);
        let recursion = std::mem::replace(&mut self.context.may_recurse, false);
        let mut item = self.ty(depth + 1);
        (self.context.is_hashable, self.context.may_recurse) = (outer, recursion);
        if !item.is_hashable(&self.models) {
            item = Ty::Leaf(&LEAVES[0]);
        }
        let name = *self.random.choose(&["HashSet", "BTreeSet"]);
        Ty::Set {
            name,
            item: Box::new(item),
        }
    }

    /// A model that is there already.
    fn reference(&mut self, depth: usize) -> Ty {
        if self.models.is_empty() {
            return self.leaf();
        }
        let number = self.random.below(self.models.len());
        let params = self.models[number].params.clone();
        let args = params.iter().map(|param| self.argument(*param, depth)).collect();
        Ty::Model(number, args)
    }

    fn argument(&mut self, param: Param, depth: usize) -> Ty {
        let recursion = std::mem::replace(&mut self.context.may_recurse, false);
        let ty = self.ty(depth + 2);
        self.context.may_recurse = recursion;
        let is_nullable = ty.is_nullable(&self.models, &self.context.params);
        // Where an argument ends up isn't known here.
        if self.leaves_out(Known::WideIntegersBuffered) && !ty.is_bufferable(&self.models) {
            return Ty::Leaf(&LEAVES[0]);
        }
        if param.not_null && is_nullable {
            Ty::Leaf(&LEAVES[0])
        } else {
            ty
        }
    }

    /// The model that is being made, or the next one, through something that may be empty.
    fn recursion(&mut self) -> Ty {
        let own = self.models.len();
        let args = (0..self.context.params.len()).map(Ty::Param).collect();
        let mut target = Ty::Model(own, args);
        if own + 1 < self.count && self.random.chance(30) {
            self.is_awaited = true;
            target = Ty::Model(own + 1, Vec::new());
        }
        match self.random.below(3) {
            0 => Ty::Vec(Box::new(target)),
            1 => Ty::Map {
                name: "HashMap",
                key: Box::new(Ty::Leaf(&LEAVES[0])),
                value: Box::new(target),
            },
            // Whether it may be `null` isn't known yet, so no `Option<Box<…>>` here; `named_struct` has it.
            _ => Ty::Vec(Box::new(Ty::Boxed(Box::new(target)))),
        }
    }

    /// Each model by itself, those with parameters with several arguments, and some inside of other types.
    fn roots(&mut self) -> Vec<Ty> {
        self.context = Context {
            is_signature: true,
            ..Context::default()
        };
        let mut roots = Vec::new();
        for number in 0..self.models.len() {
            let params = self.models[number].params.clone();
            let instances = if params.is_empty() { 1 } else { 2 };
            for _ in 0..instances {
                let args = params.iter().map(|param| self.argument(*param, 0)).collect();
                let ty = Ty::Model(number, args);
                roots.push(match self.random.below(20) {
                    0 => Ty::Vec(Box::new(ty)),
                    1 if !ty.is_nullable(&self.models, &[]) => Ty::Option(Box::new(ty)),
                    2 => Ty::Tuple(vec![ty, self.leaf()]),
                    3 => Ty::Map {
                        name: "BTreeMap",
                        key: Box::new(self.key_of_map()),
                        value: Box::new(ty),
                    },
                    4 => Ty::Exact(Box::new(self.exact())),
                    _ => ty,
                });
            }
        }
        roots
    }
}

/// A model without a name yet.
fn unnamed(body: Body, facts: Facts) -> Model {
    Model {
        name: String::new(),
        params: Vec::new(),
        docs: Vec::new(),
        derives: vec!["Debug"],
        serde: Vec::new(),
        body,
        facts,
    }
}

/// Nullable as a type is.
fn nullable(ty: &Ty, models: &[Model]) -> Nullable {
    match ty {
        Ty::Param(number) => Nullable::As(*number),
        // Of an argument of an argument it is not worth to know more.
        other if other.is_nullable(models, &[]) => Nullable::Sometimes,
        _ => Nullable::Never,
    }
}

const fn leaf(rust: &'static str, is_hashable: bool, is_bufferable: bool) -> Leaf {
    Leaf {
        rust,
        is_hashable,
        is_bufferable,
        has_default: true,
        is_null: false,
    }
}

/// The first is what stands in where nothing else fits.
const LEAVES: &[Leaf] = &[
    leaf("String", true, true),
    leaf("bool", true, true),
    leaf("u8", true, true),
    leaf("u16", true, true),
    leaf("u32", true, true),
    leaf("u64", true, true),
    leaf("usize", true, true),
    leaf("i8", true, true),
    leaf("i16", true, true),
    leaf("i32", true, true),
    leaf("i64", true, true),
    leaf("isize", true, true),
    leaf("u128", true, false),
    leaf("i128", true, false),
    leaf("f32", false, true),
    leaf("f64", false, true),
    leaf("char", true, true),
    leaf("Box<str>", true, true),
    leaf("Cow<'static, str>", true, true),
    Leaf {
        has_default: false,
        ..leaf("NonZeroU8", true, true)
    },
    Leaf {
        has_default: false,
        ..leaf("NonZeroI16", true, true)
    },
    Leaf {
        has_default: false,
        ..leaf("NonZeroU32", true, true)
    },
    Leaf {
        is_null: true,
        ..leaf("()", true, true)
    },
];

/// What `Exact` can hold, beside maps and sets.
const EXACT: &[Leaf] = &[
    leaf("u64", true, true),
    leaf("i64", true, true),
    leaf("u128", true, true),
    leaf("i128", true, true),
    leaf("usize", true, true),
    leaf("isize", true, true),
    leaf("Vec<u8>", true, true),
    leaf("[u8; 3]", true, true),
    Leaf {
        has_default: false,
        ..leaf("SystemTime", true, true)
    },
];

/// Parts of the smallest value that a field may have.
const HEAVY: usize = 30;
