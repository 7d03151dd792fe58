//! Rust types as data: what the generator makes up and the printer writes.

/// A type as a field has it.
#[derive(Debug, Clone)]
pub(crate) enum Ty {
    Leaf(&'static Leaf),
    Option(Box<Self>),
    Boxed(Box<Self>),
    Vec(Box<Self>),
    Slice(Box<Self>),
    Array(Box<Self>, usize),
    Tuple(Vec<Self>),
    Map {
        name: &'static str,
        key: Box<Self>,
        value: Box<Self>,
    },
    Set {
        name: &'static str,
        item: Box<Self>,
    },
    Range(Box<Self>),
    /// `glue::Exact` of a type that can be so.
    Exact(Box<Self>),
    Result(Box<Self>, Box<Self>),
    /// A model by its number, with its type arguments.
    Model(usize, Vec<Self>),
    /// A type parameter of the model that holds the field.
    Param(usize),
}

/// A type without parts.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) rust: &'static str,
    /// Whether it can be in a set.
    pub(crate) is_hashable: bool,
    /// Whether serde can hold its values before it knows their type.
    pub(crate) is_bufferable: bool,
    pub(crate) has_default: bool,
    /// Whether it is `null` in JSON.
    pub(crate) is_null: bool,
}

/// A type with `#[glue::model]`.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) params: Vec<Param>,
    pub(crate) docs: Vec<String>,
    pub(crate) derives: Vec<&'static str>,
    /// Insides of `#[serde(…)]`.
    pub(crate) serde: Vec<String>,
    pub(crate) body: Body,
    pub(crate) facts: Facts,
}

/// A type parameter.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Param {
    /// It stands in an `Option`, so it must not be `null` itself.
    pub(crate) not_null: bool,
}

#[derive(Debug)]
pub(crate) enum Body {
    Struct(Fields),
    Enum(Vec<Variant>),
}

#[derive(Debug)]
pub(crate) enum Fields {
    Unit,
    Tuple(Vec<Field>),
    Named(Vec<Field>),
}

#[derive(Debug)]
pub(crate) struct Field {
    /// As Rust writes it; empty in a tuple.
    pub(crate) ident: String,
    pub(crate) docs: Vec<String>,
    pub(crate) serde: Vec<String>,
    pub(crate) ty: Ty,
    pub(crate) is_skipped: bool,
    /// `#[glue(exact)]`.
    pub(crate) is_exact: bool,
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) ident: String,
    pub(crate) docs: Vec<String>,
    pub(crate) serde: Vec<String>,
    pub(crate) fields: Fields,
    pub(crate) is_skipped: bool,
}

/// What others must know of a model before they may use it in some place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Whether `null` is one of its values; of a newtype around a parameter its argument says so.
    pub(crate) nullable: Nullable,
    pub(crate) is_hashable: bool,
    pub(crate) is_bufferable: bool,
    /// Whether it can be the key of a map.
    pub(crate) is_key: bool,
    /// Names that its JSON object may have, in the form of [`same_name`](super::names::same_name); none if it isn't always an object
    /// with known names.
    pub(crate) keys: Option<Vec<String>>,
    /// Whether it is an object that serde can flatten, or put beside a tag.
    pub(crate) is_flat: bool,
    /// How many parts the smallest value has at least.
    pub(crate) weight: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Nullable {
    #[default]
    Never,
    Sometimes,
    /// As the type parameter of this number.
    As(usize),
}

impl Ty {
    /// Whether `null` may be one of its values. Parameters are what `params` says.
    pub(crate) fn is_nullable(&self, models: &[Model], params: &[Param]) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_null,
            Self::Option(_) => true,
            Self::Boxed(inner) | Self::Exact(inner) => inner.is_nullable(models, params),
            Self::Param(number) => params.get(*number).is_none_or(|param| !param.not_null),
            // The model that is being made is only referred to where this doesn't matter.
            Self::Model(number, args) => match models.get(*number).map(|model| model.facts.nullable) {
                Some(Nullable::Never) => false,
                Some(Nullable::As(param)) => {
                    args.get(param).is_none_or(|arg| arg.is_nullable(models, params))
                }
                Some(Nullable::Sometimes) | None => true,
            },
            _ => false,
        }
    }

    /// Whether serde can hold it before it knows the type: inside of untagged, internally tagged and flattened ones.
    pub(crate) fn is_bufferable(&self, models: &[Model]) -> bool {
        let all = |types: &[Self]| types.iter().all(|ty| ty.is_bufferable(models));
        match self {
            Self::Leaf(leaf) => leaf.is_bufferable,
            Self::Option(inner)
            | Self::Boxed(inner)
            | Self::Vec(inner)
            | Self::Slice(inner)
            | Self::Array(inner, _)
            | Self::Set { item: inner, .. }
            | Self::Range(inner) => inner.is_bufferable(models),
            Self::Map { key, value, .. } => key.is_text(models) && value.is_bufferable(models),
            Self::Tuple(types) => all(types),
            Self::Exact(inner) => inner.is_exactly_bufferable(models),
            Self::Result(ok, err) => ok.is_bufferable(models) && err.is_bufferable(models),
            Self::Model(number, args) => {
                models.get(*number).is_none_or(|model| model.facts.is_bufferable) && all(args)
            }
            Self::Param(_) => true,
        }
    }

    /// The same of what is exact: numbers are texts then, and keys are like any other value.
    fn is_exactly_bufferable(&self, models: &[Model]) -> bool {
        match self {
            Self::Option(inner) | Self::Vec(inner) => inner.is_exactly_bufferable(models),
            Self::Map { key, value, .. } => key.is_bufferable(models) && value.is_bufferable(models),
            Self::Set { item, .. } => item.is_bufferable(models),
            _ => true,
        }
    }

    /// Whether it is a text in JSON, as a key as well as elsewhere.
    fn is_text(&self, models: &[Model]) -> bool {
        match self {
            Self::Leaf(leaf) => matches!(leaf.rust, "String" | "char" | "Box<str>"),
            Self::Model(number, _) => models.get(*number).is_some_and(|model| match &model.body {
                Body::Enum(_) => true,
                Body::Struct(Fields::Tuple(fields)) => fields.iter().all(|field| field.ty.is_text(models)),
                Body::Struct(_) => false,
            }),
            _ => false,
        }
    }

    /// Whether it can be in a set.
    pub(crate) fn is_hashable(&self, models: &[Model]) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.is_hashable,
            Self::Option(inner)
            | Self::Vec(inner)
            | Self::Boxed(inner)
            | Self::Array(inner, _)
            | Self::Exact(inner) => inner.is_hashable(models),
            Self::Tuple(types) => types.iter().all(|ty| ty.is_hashable(models)),
            Self::Model(number, _) => models.get(*number).is_some_and(|model| model.facts.is_hashable),
            _ => false,
        }
    }

    /// Whether it has a default, and asks none of a parameter: serde would want one of every argument then, even for a `Vec`.
    pub(crate) fn has_default(&self) -> bool {
        !self.mentions(0) && !self.mentions(1) && self.is_default()
    }

    fn is_default(&self) -> bool {
        match self {
            Self::Leaf(leaf) => leaf.has_default,
            Self::Option(_) | Self::Vec(_) | Self::Slice(_) | Self::Map { .. } | Self::Set { .. } => true,
            Self::Boxed(inner) | Self::Array(inner, _) | Self::Range(inner) | Self::Exact(inner) => {
                inner.is_default()
            }
            Self::Tuple(types) => types.iter().all(Self::is_default),
            Self::Result(..) | Self::Model(..) | Self::Param(_) => false,
        }
    }

    /// Whether a type parameter is in it.
    pub(crate) fn mentions(&self, param: usize) -> bool {
        self.uses(param, usize::MAX)
    }

    /// Whether a type parameter is in it, and not only as an argument of model `own`, which the parameter is one of.
    pub(crate) fn uses(&self, param: usize, own: usize) -> bool {
        let any = |types: &[Self]| types.iter().any(|ty| ty.uses(param, own));
        match self {
            Self::Param(number) => *number == param,
            Self::Leaf(_) => false,
            Self::Option(inner)
            | Self::Boxed(inner)
            | Self::Vec(inner)
            | Self::Slice(inner)
            | Self::Array(inner, _)
            | Self::Set { item: inner, .. }
            | Self::Exact(inner)
            | Self::Range(inner) => inner.uses(param, own),
            Self::Map { key, value, .. } => key.uses(param, own) || value.uses(param, own),
            Self::Result(ok, err) => ok.uses(param, own) || err.uses(param, own),
            Self::Tuple(types) => any(types),
            Self::Model(number, args) => *number != own && any(args),
        }
    }

    /// How many parts the smallest value has.
    pub(crate) fn weight(&self, models: &[Model]) -> usize {
        match self {
            Self::Option(_)
            | Self::Vec(_)
            | Self::Slice(_)
            | Self::Map { .. }
            | Self::Set { .. }
            | Self::Leaf(_) => 1,
            Self::Boxed(inner) | Self::Exact(inner) => inner.weight(models),
            Self::Array(inner, count) => 1 + count * inner.weight(models),
            Self::Range(inner) => 2 * inner.weight(models),
            Self::Tuple(types) => types.iter().map(|ty| ty.weight(models)).sum(),
            Self::Result(ok, err) => ok.weight(models).max(err.weight(models)),
            Self::Param(_) => 3,
            Self::Model(number, args) => {
                let own = models.get(*number).map_or(1, |model| model.facts.weight);
                own + args.iter().map(|arg| arg.weight(models)).sum::<usize>()
            }
        }
    }

    /// The type as Rust writes it.
    pub(crate) fn rust(&self, models: &[String]) -> String {
        let list = |types: &[Self]| {
            let texts: Vec<_> = types.iter().map(|ty| ty.rust(models)).collect();
            texts.join(", ")
        };
        match self {
            Self::Leaf(leaf) => leaf.rust.to_owned(),
            Self::Option(inner) => format!("Option<{}>", inner.rust(models)),
            Self::Boxed(inner) => format!("Box<{}>", inner.rust(models)),
            Self::Vec(inner) => format!("Vec<{}>", inner.rust(models)),
            Self::Slice(inner) => format!("Box<[{}]>", inner.rust(models)),
            Self::Array(inner, count) => format!("[{}; {count}]", inner.rust(models)),
            Self::Tuple(types) if types.len() == 1 => format!("({},)", list(types)),
            Self::Tuple(types) => format!("({})", list(types)),
            Self::Map { name, key, value } => format!("{name}<{}, {}>", key.rust(models), value.rust(models)),
            Self::Set { name, item } => format!("{name}<{}>", item.rust(models)),
            Self::Range(inner) => format!("Range<{}>", inner.rust(models)),
            Self::Exact(inner) => format!("Exact<{}>", inner.rust(models)),
            Self::Result(ok, err) => format!("Result<{}, {}>", ok.rust(models), err.rust(models)),
            Self::Model(number, args) if args.is_empty() => models[*number].clone(),
            Self::Model(number, args) => format!("{}<{}>", models[*number], list(args)),
            Self::Param(number) => PARAMS[*number].to_owned(),
        }
    }
}

impl Fields {
    pub(crate) fn list(&self) -> &[Field] {
        match self {
            Self::Unit => &[],
            Self::Tuple(fields) | Self::Named(fields) => fields,
        }
    }
}

impl Body {
    /// All fields, of all variants.
    pub(crate) fn fields(&self) -> Vec<&Field> {
        match self {
            Self::Struct(fields) => fields.list().iter().collect(),
            Self::Enum(variants) => variants
                .iter()
                .flat_map(|variant| variant.fields.list())
                .collect(),
        }
    }
}

/// Names of type parameters.
pub(crate) const PARAMS: [&str; 2] = ["T", "U"];
