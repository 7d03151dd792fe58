#[glue::model]
#[ts(type = "Map<string, number>")]
pub struct Container(Vec<u8>);

#[glue::model]
pub struct Fields {
    #[ts(type = "bigint")]
    id: u64,
    #[serde(with = "date")]
    #[ts(type = "Date | null")]
    at: u64,
    #[ts(as = "glue::Exact<u64>")]
    stated: u64,
    #[ts(type = "string | undefined")]
    undefined: Option<String>,
    #[ts(type = "\"Date\" | \"Map\"")]
    literals: String,
    #[ts(type = "{ a: string } & { b: string }")]
    joined: String,
    #[ts(skip)]
    skipped: u8,
    #[ts(optional = false)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    never: Option<u8>,
}

#[glue::model]
#[ts(repr(enum))]
pub enum Repr {
    #[ts(skip)]
    A,
    B,
}

fn main() {}
