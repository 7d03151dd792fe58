use std::collections::HashMap;

#[glue::model]
#[serde(transparent)]
pub struct Named {
    id: u64,
}

#[glue::model]
#[serde(from = "String", into = "String")]
pub struct Converted(String);

#[glue::model]
#[serde(rename_all(serialize = "camelCase", deserialize = "snake_case"), crate = "serde")]
pub struct Renamed {
    #[serde(rename(serialize = "a", deserialize = "b"))]
    id: u64,
}

#[glue::model]
pub struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u8>,
    #[serde(skip_serializing)]
    unsent: u8,
    #[serde(skip_deserializing)]
    unread: u8,
    #[serde(with = "hex")]
    with: Vec<u8>,
    #[serde(serialize_with = "hex", deserialize_with = "hex")]
    functions: Vec<u8>,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
    #[ts(optional)]
    optional: Option<u8>,
}

#[glue::model]
pub enum Variants {
    #[serde(skip_serializing)]
    Unsent,
    #[serde(with = "hex")]
    With(u8),
    #[serde(other)]
    Other,
}

fn main() {}
