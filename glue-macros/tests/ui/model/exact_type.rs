#[glue::model]
pub struct Texts {
    #[glue(exact)]
    text: String,
}

fn main() {}
