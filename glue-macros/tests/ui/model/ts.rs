#[glue::model]
#[ts(rename = "OtherName", optional_fields)]
pub struct Fields {
    #[ts(rename = "other")]
    id: Option<u64>,
    #[ts(flatten)]
    rest: Rest,
    #[cfg_attr(all(unix, test), serde(skip), doc = "")]
    unseen: u8,
}

#[glue::model]
#[ts(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind", content = "value")]
pub enum Variants {
    #[ts(rename = "other", untagged)]
    First,
    #[ts(rename_all = "camelCase", optional_fields)]
    Second { user_id: Option<u8> },
}

#[glue::model]
#[ts(untagged)]
#[cfg_attr(unix, ts(rename_all = "camelCase"))]
pub enum Untagged {
    First(u8),
}

#[glue::model]
pub struct Rest {
    text: String,
}

fn main() {}
