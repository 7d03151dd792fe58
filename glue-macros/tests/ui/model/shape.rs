#[glue::model]
#[serde(transparent)]
pub struct Transparent(u8, #[serde(skip)] u8);

#[glue::model]
pub struct SkippedNewtype(#[serde(skip)] u8);

#[glue::model]
#[serde(tag = "kind", content = "value")]
pub enum Skipped {
    Newtype(#[serde(skip)] u8),
    Pair(#[serde(skip)] u8, #[serde(skip)] u8),
}

#[glue::model]
#[serde(tag = "kind")]
pub enum Untagged {
    #[serde(untagged)]
    Named { text: String },
}

#[glue::model]
#[serde(tag = "kind")]
#[ts(rename = "Other")]
pub struct Tagged {
    text: String,
}

#[glue::model]
#[serde(tag = "k\"ind")]
pub enum Quoted {
    #[serde(rename = "a\\b")]
    A {
        #[serde(rename = "a\nb")]
        text: String,
    },
}

#[glue::model]
#[serde(tag = "a } & { b")]
pub enum Joined {
    #[serde(rename = "a } & { b")]
    A {
        #[serde(rename = "a } & { b")]
        text: String,
    },
}

#[glue::model]
pub struct Unnamed {
    #[serde(rename = "")]
    text: String,
}

#[glue::model]
#[serde(tag = "kind", deny_unknown_fields)]
pub struct Strict {
    text: String,
}

#[glue::model]
#[serde(deny_unknown_fields)]
pub struct StrictFlattened {
    text: String,
    #[serde(flatten)]
    inner: Tagged,
}

#[glue::model]
#[serde(field_identifier)]
pub enum Identifier {
    A,
}

#[glue::model]
pub struct Flattened {
    #[serde(flatten)]
    inner: Option<Tagged>,
}

fn main() {}
