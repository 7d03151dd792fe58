//! Rust types, read back from the text of a schema: what tells `u8` from `f64`, which are one type in TypeScript.

/// A type with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RustType {
    /// Without its path; `(` for a tuple, `[` for a slice or an array.
    pub(super) name: String,
    pub(super) args: Vec<Self>,
}

impl RustType {
    /// Reads a type; `None` for what is none, such as `dyn Trait`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let ty = Self::read(&mut rest)?;
        rest.trim().is_empty().then(|| ty.peeled())
    }

    fn read(rest: &mut &str) -> Option<Self> {
        *rest = rest.trim_start();
        let (open, close) = match rest.chars().next()? {
            '(' => ('(', ')'),
            '[' => ('[', ']'),
            _ => {
                let end = rest.find(|char: char| !(char.is_alphanumeric() || char == '_' || char == ':'));
                let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
                let name = name.rsplit(':').next().unwrap_or(name).to_owned();
                if name.is_empty() {
                    return None;
                }
                *rest = after.trim_start();
                let args = if rest.starts_with('<') {
                    Self::list(rest, '>')?
                } else {
                    Vec::new()
                };
                return Some(Self { name, args });
            }
        };
        let args = Self::list(rest, close)?;
        Some(Self {
            name: open.to_string(),
            args,
        })
    }

    fn list(rest: &mut &str, close: char) -> Option<Vec<Self>> {
        *rest = &rest[1..];
        let mut types = Vec::new();
        loop {
            *rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix(close) {
                *rest = after;
                return Some(types);
            }
            // A lifetime, or the length of an array: nothing that tells types apart here.
            if let Some(after) = rest.strip_prefix([';', '\'']) {
                let end = after.find([close, ','])?;
                *rest = &after[end..];
            } else {
                types.push(Self::read(rest)?);
            }
            *rest = rest.trim_start();
            *rest = rest.strip_prefix(',').unwrap_or(rest);
        }
    }

    /// Without what serde looks through.
    pub(super) fn peeled(mut self) -> Self {
        const TRANSPARENT: [&str; 9] = [
            "Box", "Arc", "Rc", "Cow", "Exact", "RefCell", "Cell", "Mutex", "RwLock",
        ];
        while TRANSPARENT.contains(&self.name.as_str()) {
            let Some(inner) = self.args.pop() else { break };
            self = inner;
        }
        Self {
            args: self.args.into_iter().map(Self::peeled).collect(),
            name: self.name,
        }
    }

    /// The types of its parts, if it is a list, or a tuple with `index`.
    pub(super) fn item(&self, index: usize) -> Option<&Self> {
        match self.name.as_str() {
            "(" => self.args.get(index),
            _ => self.args.first(),
        }
    }

    pub(super) fn option(&self) -> Option<&Self> {
        if self.name == "Option" {
            self.args.first()
        } else {
            None
        }
    }
}

/// Which numbers a type holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    /// As Rust calls it.
    pub(super) name: String,
    /// `None` for those with fractions.
    range: Option<(i128, u128)>,
    /// Whether zero isn't one of them.
    is_nonzero: bool,
}

impl Number {
    pub(super) fn of(rust: &RustType) -> Option<Self> {
        let name = match rust.name.strip_prefix("NonZero") {
            None => rust.name.to_lowercase(),
            Some("") => rust.args.first()?.name.to_lowercase(),
            Some(of) => of.to_lowercase(),
        };
        let range = match name.as_str() {
            "f32" | "f64" => None,
            "u8" => Some((0, u8::MAX.into())),
            "u16" => Some((0, u16::MAX.into())),
            "u32" => Some((0, u32::MAX.into())),
            "u64" | "usize" => Some((0, u64::MAX.into())),
            "u128" => Some((0, u128::MAX)),
            "i8" => Some((i8::MIN.into(), 0x7f)),
            "i16" => Some((i16::MIN.into(), 0x7fff)),
            "i32" => Some((i32::MIN.into(), 0x7fff_ffff)),
            "i64" | "isize" => Some((i64::MIN.into(), 0x7fff_ffff_ffff_ffff)),
            "i128" => Some((i128::MIN, i128::MAX.unsigned_abs())),
            _ => return None,
        };
        // Names of our own keep their case.
        (rust.name.starts_with("NonZero") || rust.name == name).then(|| Self {
            name: rust.name.clone(),
            range,
            is_nonzero: rust.name.starts_with("NonZero"),
        })
    }

    /// Whether every number of `other` is one of these.
    pub(super) fn holds(&self, other: &Self) -> bool {
        if self.is_nonzero && !other.is_nonzero {
            return false;
        }
        match (self.range, other.range) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some((min, max)), Some((least, most))) => min <= least && most <= max,
        }
    }

    /// Says which numbers of `other` aren't among these: `less than 0 or more than 255`; empty if all are.
    pub(super) fn lacks(&self, other: &Self) -> String {
        let mut lacks = Vec::new();
        if let Some((min, max)) = self.range {
            if other.range.is_none() {
                lacks.push("a fraction".to_owned());
            }
            if other.range.is_none_or(|(least, _)| least < min) {
                lacks.push(format!("less than {min}"));
            }
            if other.range.is_none_or(|(_, most)| most > max) {
                lacks.push(format!("more than {max}"));
            }
        }
        if self.is_nonzero && !other.is_nonzero {
            lacks.push("0".to_owned());
        }
        match lacks.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        }
    }
}

/// Returns the name of a type whose texts have a form; `None` for free text, and where nothing is known.
pub(super) fn text_form(rust: &RustType) -> Option<String> {
    const FREE: [&str; 7] = ["String", "str", "PathBuf", "Path", "OsString", "OsStr", "CString"];
    (!FREE.contains(&rust.name.as_str())).then(|| rust.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::of(&RustType::parse(text).expect("a type")).expect("a number")
    }

    #[test]
    fn types_are_read_through_what_serde_looks_through() {
        for (text, name, args) in [
            ("Option<Vec<u32>>", "Option", 1),
            ("Box<Cow<'_, str>>", "str", 0),
            ("(u8, [u16; 4])", "(", 2),
            ("std::collections::HashMap<a::B, c::D>", "HashMap", 2),
            ("Exact<u64>", "u64", 0),
            ("()", "(", 0),
        ] {
            let ty = RustType::parse(text).expect(text);
            assert_eq!((ty.name.as_str(), ty.args.len()), (name, args), "{text}");
        }
        assert_eq!(RustType::parse("dyn Fn(u8)"), None);
        assert_eq!(RustType::parse(""), None);
    }

    #[test]
    fn a_number_holds_those_of_smaller_types() {
        for (large, small) in [
            ("u32", "u8"),
            ("i16", "u8"),
            ("f64", "i64"),
            ("u8", "NonZero<u8>"),
            ("i128", "u64"),
            ("u64", "NonZeroU32"),
            ("i32", "NonZeroI32"),
            ("NonZero<i64>", "NonZeroU8"),
        ] {
            let (large, small) = (number(large), number(small));
            assert!(large.holds(&small), "{large:?} {small:?}");
            assert!(!small.holds(&large), "{large:?} {small:?}");
        }
        for (small, large, lacks) in [
            ("u8", "u32", "more than 255"),
            ("u32", "i32", "less than 0"),
            ("i8", "i16", "less than -128 or more than 127"),
            ("u8", "f64", "a fraction, less than 0 or more than 255"),
            ("NonZeroU8", "u16", "more than 255 or 0"),
            ("u64", "u8", ""),
        ] {
            assert_eq!(number(small).lacks(&number(large)), lacks, "{small} {large}");
        }
        assert!(!number("u32").holds(&number("i32")) && !number("i32").holds(&number("u32")));
    }
}
