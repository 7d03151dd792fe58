//! From one naming style to another.

/// Returns the snake_case form of a type's name: `ChatRoom` becomes `chat_room`, `HTTPLog` `http_log`.
pub(crate) fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, &letter) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        let after = chars.get(index + 1);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || before.is_uppercase() && after.is_some_and(|after| after.is_lowercase())
            });
        if begins_word {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// Returns the form that names an enum variant: `send_all` becomes `SendAll`. Never a keyword, never a digit first.
pub(crate) fn pascal(name: &str) -> String {
    let pascal: String = name.split('_').map(capitalized).collect();
    // The only keyword in this style.
    if pascal == "Self" {
        return "Self_".to_owned();
    }
    // Behind the `_` may have been what can't come first: digits of any script, and marks.
    if syn::parse_str::<proc_macro2::Ident>(&pascal).is_ok() {
        pascal
    } else {
        format!("_{pascal}")
    }
}

/// Returns the form that glue-codegen gives to a method or parameter: `send_all` becomes `sendAll`. Underscores at both ends stay.
pub(crate) fn camel(name: &str) -> String {
    let core = name.trim_matches('_');
    let (before, after) = name.split_once(core).unwrap_or_default();
    let mut words = core.split('_').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default().to_owned();
    format!(
        "{before}{}{after}",
        words.map(capitalized).fold(first, |camel, word| camel + &word)
    )
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
