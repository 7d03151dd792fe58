pub type ChatResult<T> = std::result::Result<T, String>;

#[glue::channel]
pub trait Alias {
    async fn post(&self) -> ChatResult<u64>;
}

fn main() {}
